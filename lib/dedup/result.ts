import type { Emit } from "#lib/core/events";
import type { Vault } from "#lib/core/vault";
import { badArgument } from "./options.ts";

/**
 * The largest result that is kept, in bytes of its JSON in UTF-8: 720 KiB. Encryption makes it a third
 * larger, which with the script is still below the 1 MB that a REST store accepts in one request.
 */
const MAX_RESULT_BYTES = 720 * 1024;

export interface ResultParts {
  readonly vault: Vault;
  /** Reports a result that cannot be read. */
  readonly emit: Emit;
}

/**
 * Returns a result as it is stored: encrypted JSON, or empty text for no result.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT when JSON cannot represent the result, or its JSON is too
 * long
 */
export async function sealResult(
  { vault }: ResultParts,
  result: unknown,
  name: string,
): Promise<string> {
  if (result === undefined) return "";
  const text = toJson(result);
  const { length } = new TextEncoder().encode(text);
  if (length > MAX_RESULT_BYTES) {
    throw badArgument(
      `the result must be at most ${MAX_RESULT_BYTES} bytes of JSON; it is ${length} bytes.`,
    );
  }
  return vault.seal(text, name);
}

/** Returns the result that was stored; undefined when none was stored, or it cannot be decrypted. */
export async function openResult(
  { vault, emit }: ResultParts,
  sealed: unknown,
  name: string,
): Promise<unknown> {
  if (typeof sealed !== "string") return undefined;
  const text = await vault.open(sealed, name);
  if (text !== undefined) return JSON.parse(text);
  const error = new Error("The result was encrypted with another secret.");
  emit({ kind: "failure", during: "dedup-read", error });
  return undefined;
}

function toJson(result: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(result);
  } catch {
    // The error below names the problem; the original message may quote the result.
  }
  if (text === undefined) throw badArgument("the result must be a value that JSON can represent.");
  return text;
}
