import type { Emit } from "#lib/core/events";
import type { Vault } from "#lib/core/vault";
import { badArgument } from "./options.ts";

/**
 * The largest result that is kept, in bytes of its JSON in UTF-8: 720 KiB. Sealed it is larger by a
 * third, and with its script still below the 1 MB that a REST store takes in one request.
 */
const MAX_RESULT_BYTES = 720 * 1024;

export interface ResultParts {
  readonly vault: Vault;
  /** Reports a result that cannot be read. */
  readonly emit: Emit;
}

/**
 * A result as it is kept: JSON, encrypted; empty where there is none.
 *
 * @throws {HeadgateError} DEDUP_BAD_ARGUMENT for what JSON cannot say, or says at too great a length
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
    throw badArgument(`the result has ${length} bytes of JSON; allowed: ${MAX_RESULT_BYTES}.`);
  }
  return vault.seal(text, name);
}

/** The result that was kept; undefined where there is none, or it cannot be read. */
export async function openResult(
  { vault, emit }: ResultParts,
  sealed: unknown,
  name: string,
): Promise<unknown> {
  if (typeof sealed !== "string") return undefined;
  const text = await vault.open(sealed, name);
  if (text !== undefined) return JSON.parse(text);
  const error = new Error("The result was sealed under another secret.");
  emit({ kind: "failure", during: "dedup-read", error });
  return undefined;
}

function toJson(result: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(result);
  } catch {
    // Named below; the error's own text may quote what is in it.
  }
  if (text === undefined) throw badArgument("the result is nothing that JSON can say.");
  return text;
}
