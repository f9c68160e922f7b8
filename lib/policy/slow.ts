import type { Key, Token } from "path-to-regexp";
import { monotonic } from "#lib/core/clock";

/** An expression that takes longer than this on a hostile path is refused, in milliseconds. */
const TOO_LONG_MS = 50;

/** Hostile paths grow slowly, so that none takes much longer than the one before it. */
const SHORTEST = 10;
const STEP = 2;
const GROWTH = 4 / 3;

/** As much of a path as expressions are tried on at all. */
const LONGEST = 2048;

/** What a path is made of that makes expressions go back and try again. */
const PIECES = ["a", "0", "-", "a-", "a/", "/", " ", "x.y", "aA0_"];

/** Characters that an expression may name, and that are no syntax of expressions. */
const NAMED = /[^\w\\()[\]{}*+?|^$.\s/-]/g;

/** What ends it, so that it does not match. */
const ENDS = ["", "\n!", "/\n!/"];

/**
 * Returns the parameter for which an expression could take long to fail, or undefined. The library's own
 * parameters cannot, by themselves; one of the developer's, and several side by side, are timed on
 * hostile paths of growing length. On Workers the clock stands still while code runs: there nothing is
 * timed, and `headgate check` has done it before.
 */
export function slowParameter(tokens: readonly Token[], expression: RegExp): Key | undefined {
  const keys = tokens.filter((token) => typeof token !== "string");
  const own = keys.filter(({ pattern }) => !isLibrarys(pattern));
  if (own.length === 0 || globalThis.navigator?.userAgent === "Cloudflare-Workers")
    return undefined;
  const alone = own.find(({ pattern }) =>
    isSlow(new RegExp(`^(?:${pattern})$`, "is"), "", pattern),
  );
  if (alone) return alone;
  const [first] = tokens;
  const before = typeof first === "string" ? `${first}/` : "/";
  const patterns = own.map(({ pattern }) => pattern).join("");
  return isSlow(expression, before, patterns) ? own.at(-1) : undefined;
}

/** A run of characters that are no separator. */
function isLibrarys(pattern: string): boolean {
  return /^\[\^[^\]]*\]\+\?$/.test(pattern);
}

function isSlow(expression: RegExp, before: string, pattern: string): boolean {
  const named = [...new Set(pattern.match(NAMED))].flatMap((character) => [
    `a${character}`,
    character,
  ]);
  return [...PIECES, ...named].some((piece) =>
    ENDS.some((end) => {
      for (let length = SHORTEST; length <= LONGEST; length = longer(length)) {
        const path = `${before}${piece.repeat(length / piece.length)}${end}`;
        // A busy machine is slow now and then; an expression is slow each time.
        if (takesLong(expression, path) && takesLong(expression, path)) return true;
      }
      return false;
    }),
  );
}

/** In steps where an expression's time may double with each character, in proportion beyond. */
function longer(length: number): number {
  return length < 48 ? length + STEP : length * GROWTH;
}

function takesLong(expression: RegExp, path: string): boolean {
  const startedAt = monotonic();
  expression.test(path);
  return monotonic() - startedAt > TOO_LONG_MS;
}
