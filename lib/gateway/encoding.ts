import { ErrorReply, type Reply } from "#lib/gateway/store/store";

/** A reply in the form of the REST protocol. */
export type Answer = { readonly result: unknown } | { readonly error: string };

const OK = Buffer.from("OK");

/**
 * Returns a reply as an object of the body. With base64 every text is encoded except a single "OK". Numbers,
 * null and errors are never encoded.
 */
export function toAnswer(reply: Reply, base64: boolean): Answer {
  if (reply instanceof ErrorReply) return { error: reply.message };
  if (base64 && Buffer.isBuffer(reply) && reply.equals(OK)) return { result: "OK" };
  return { result: encode(reply, base64 ? "base64" : "utf8") };
}

function encode(reply: Reply, encoding: "base64" | "utf8"): unknown {
  if (reply === null || typeof reply === "number") return reply;
  if (Buffer.isBuffer(reply)) return reply.toString(encoding);
  // The protocol cannot express an error inside an array, so a script's own error is sent as text.
  if (reply instanceof ErrorReply) return Buffer.from(reply.message).toString(encoding);
  return reply.map((element) => encode(element, encoding));
}
