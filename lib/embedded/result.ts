import { ELEMENT_BYTES } from "#lib/gateway/store/reply-budget";
import { type Budget, ErrorReply, type Reply } from "#lib/gateway/store/store";
import { type Bytes, toBuffer } from "./bytes.ts";

/** A status such as OK: text for a caller, a table with `ok` for a script. */
export class Status {
  readonly text: Bytes;

  constructor(text: Bytes) {
    this.text = text;
  }
}

export const OK = new Status("OK");

/** The result of a command inside the store, where the message of an error is bytes too. */
export type Result = Bytes | number | null | Status | ErrorReply | readonly Result[];

/** Converts a result for the gateway. The budget's refusal replaces each part that does not fit. */
export function toReply(result: Result, budget?: Budget): Reply {
  if (budget && !budget.take(bytesOf(result))) return budget.refusal ?? null;
  if (typeof result === "string") return toBuffer(result);
  if (result instanceof Status) return toBuffer(inOneLine(result.text));
  if (result instanceof ErrorReply) {
    return new ErrorReply(toBuffer(inOneLine(result.message)).toString());
  }
  if (result === null || typeof result === "number") return result;
  return result.map((element) => toReply(element, budget));
}

/** Returns the size of a result as a reply in bytes, without its elements. */
function bytesOf(result: Result): number {
  if (typeof result === "string") return result.length;
  return Array.isArray(result) ? result.length * ELEMENT_BYTES : 0;
}

/** Replaces line breaks by spaces, because a line break would end such a reply in the protocol of Redis. */
function inOneLine(text: Bytes): Bytes {
  return text.replaceAll(/[\r\n]/g, " ");
}
