import type { Subscription } from "#lib/gateway/store/store";

/** A comment, which clients of event streams skip. */
export const PING = Buffer.from(": ping\n\n");

/** Returns the frame that confirms a subscription. The number 1 says that the stream has one subscription. */
export function subscribedFrame({ kind, name }: Subscription): Buffer {
  return Buffer.from(`data: ${kind === "channel" ? "subscribe" : "psubscribe"},${name},1\n\n`);
}

/**
 * Returns the frame of a message. @upstash/redis reads each line of a stream separately and would drop all
 * but the first line of a payload. So a payload with line breaks is sent on one line. In JSON the breaks
 * become spaces, which keeps the value. Any other text is sent as a JSON string, which the client parses, in
 * an event named `quoted`.
 */
export function messageFrame(
  { kind, name }: Subscription,
  channel: Buffer,
  payload: Buffer,
): Buffer {
  const head = kind === "channel" ? `message,${name}` : `pmessage,${name},${inFrame(channel)}`;
  const text = payload.toString();
  if (!/[\r\n]/.test(text)) return Buffer.from(`data: ${head},${text}\n\n`);
  if (isJson(text)) return Buffer.from(`data: ${head},${text.replaceAll(/[\r\n]/g, " ")}\n\n`);
  return Buffer.from(`event: quoted\ndata: ${head},${JSON.stringify(text)}\n\n`);
}

/** Returns a channel's name in which the characters that would end it are percent-encoded. */
function inFrame(channel: Buffer): string {
  return channel.toString().replaceAll(/[,\r\n]/g, encodeURIComponent);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
