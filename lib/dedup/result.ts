import { badArgument } from "./options.ts";
import type { DedupOptions } from "./parts.ts";

/** The largest result that is kept, in UTF-16 code units of its JSON: 1 MiB. */
const MAX_RESULT_LENGTH = 1024 * 1024;

type ResultParts = Pick<DedupOptions, "vault" | "onFailure">;

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
  if (text.length > MAX_RESULT_LENGTH) {
    throw badArgument(
      `the result has ${text.length} characters of JSON; allowed: ${MAX_RESULT_LENGTH}.`,
    );
  }
  return vault.seal(text, name);
}

/** The result that was kept; undefined where there is none, or it cannot be read. */
export async function openResult(
  { vault, onFailure }: ResultParts,
  sealed: unknown,
  name: string,
): Promise<unknown> {
  if (typeof sealed !== "string") return undefined;
  const text = await vault.open(sealed, name);
  if (text !== undefined) return JSON.parse(text);
  onFailure("opening a kept result", new Error("It was sealed under another secret."));
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
