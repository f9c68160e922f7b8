import type { Subscription } from "#lib/gateway/store/store";

/** A comment, which readers of event streams skip. */
export const PING = Buffer.from(": ping\n\n");

/** The frame that confirms a subscription; it is the one of its stream. */
export function subscribedFrame({ kind, name }: Subscription): Buffer {
  return Buffer.from(`data: ${kind === "channel" ? "subscribe" : "psubscribe"},${name},1\n\n`);
}

/**
 * The frame of a message. @upstash/redis reads each line of a stream by itself, and would lose all but
 * the first line of a payload. So a payload with line breaks is sent on one line: JSON with blanks in
 * their place, which is the same value, and any other text as a JSON string, which the client parses.
 * Such a frame is an event `quoted`.
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

/** A channel's name with the characters that would end it percent-encoded. */
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
