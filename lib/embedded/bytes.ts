import type { Argument } from "#lib/gateway/store/store";

/**
 * Text of any bytes: one character a byte (Latin-1). As a JavaScript string it is a key of a Map as
 * it is, takes one byte a character, and compares as Redis compares: byte by byte.
 */
export type Bytes = string;

const ASCII = /^[\0-\x7f]*$/;

/** An argument as bytes: text becomes its UTF-8. */
export function toBytes(argument: Argument): Bytes {
  if (typeof argument !== "string") return argument.toString("latin1");
  return ASCII.test(argument) ? argument : Buffer.from(argument).toString("latin1");
}

/** Bytes as a buffer of their own. */
export function toBuffer(bytes: Bytes): Buffer {
  return Buffer.from(bytes, "latin1");
}
