import { ErrorReply, type Reply } from "#lib/gateway/store";
import { type Bytes, toBuffer } from "./bytes.ts";

/** A status such as OK: text to a caller, a table with `ok` to a script. */
export class Status {
  readonly text: Bytes;

  constructor(text: Bytes) {
    this.text = text;
  }
}

export const OK = new Status("OK");

/** What a command answers inside the store; the message of an error is bytes there, too. */
export type Result = Bytes | number | null | Status | ErrorReply | readonly Result[];

/** A result as the gateway takes it. */
export function toReply(result: Result): Reply {
  if (typeof result === "string") return toBuffer(result);
  if (result instanceof Status) return toBuffer(inOneLine(result.text));
  if (result instanceof ErrorReply) {
    return new ErrorReply(toBuffer(inOneLine(result.message)).toString());
  }
  if (result === null || typeof result === "number") return result;
  return result.map(toReply);
}

/** A line break would end such a reply in Redis's protocol; there are spaces in their place. */
function inOneLine(text: Bytes): Bytes {
  return text.replaceAll(/[\r\n]/g, " ");
}
