import type { Argument } from "#lib/gateway/store/store";

/**
 * Any bytes as text, with one character for each byte (Latin-1). Such a string can be the key of a Map, uses
 * one byte for each character, and compares as in Redis, byte by byte.
 */
export type Bytes = string;

const ASCII = /^[\0-\x7f]*$/;

/** Returns an argument as bytes. Text becomes its UTF-8. */
export function toBytes(argument: Argument): Bytes {
  if (typeof argument !== "string") return argument.toString("latin1");
  return ASCII.test(argument) ? argument : Buffer.from(argument).toString("latin1");
}

/** Returns bytes as a new buffer. */
export function toBuffer(bytes: Bytes): Buffer {
  return Buffer.from(bytes, "latin1");
}
