import { ELEMENT_BYTES } from "#lib/gateway/store/reply-budget";
import { type Budget, ErrorReply, type Reply } from "#lib/gateway/store/store";
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

/** A result as the gateway takes it; the budget's refusal stands for each part that does not fit. */
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

/** What a result takes as a reply, without its elements. */
function bytesOf(result: Result): number {
  if (typeof result === "string") return result.length;
  return Array.isArray(result) ? result.length * ELEMENT_BYTES : 0;
}

/** A line break would end such a reply in Redis's protocol; there are spaces in their place. */
function inOneLine(text: Bytes): Bytes {
  return text.replaceAll(/[\r\n]/g, " ");
}
