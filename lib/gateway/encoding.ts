import { ErrorReply, type Reply } from "#lib/gateway/store/store";

/** A reply as the REST protocol words it. */
export type Answer = { readonly result: unknown } | { readonly error: string };

const OK = Buffer.from("OK");

/**
 * A reply as the body's object. With base64 every text is encoded but a lone "OK"; numbers, null
 * and errors never are.
 */
export function toAnswer(reply: Reply, base64: boolean): Answer {
  if (reply instanceof ErrorReply) return { error: reply.message };
  if (base64 && Buffer.isBuffer(reply) && reply.equals(OK)) return { result: "OK" };
  return { result: encode(reply, base64 ? "base64" : "utf8") };
}

function encode(reply: Reply, encoding: "base64" | "utf8"): unknown {
  if (reply === null || typeof reply === "number") return reply;
  if (Buffer.isBuffer(reply)) return reply.toString(encoding);
  // Inside an array the protocol has no place for an error: a script's own error reads as text.
  if (reply instanceof ErrorReply) return Buffer.from(reply.message).toString(encoding);
  return reply.map((element) => encode(element, encoding));
}
