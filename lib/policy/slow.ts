import type { Key, Token } from "path-to-regexp";
import { monotonic } from "#lib/core/clock";

/** The longest time of an expression on a hostile path, in milliseconds; a slower one is rejected. */
const TOO_LONG_MS = 50;

/**
 * Hostile paths repeat a piece. The number of repetitions grows slowly, so that no path takes much longer than
 * the previous one: it begins here, grows by one or two, and later by this factor.
 */
const FEWEST = 5;
const GROWTH = 4 / 3;

/** The longest path that expressions are tried on. */
const LONGEST = 2048;

/** The pieces of paths that make expressions backtrack. */
const PIECES = ["a", "0", "-", "a-", "a/", "/", " ", "x.y", "aA0_"];

/** A character code, such as `\x71`, `\u00e9` or `\u{e9}`. */
const BY_CODE = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{([0-9a-f]{1,5})\})/gi;

/** Classes, of which {@link PIECES} has some characters, quantifiers and group names. */
const UNNAMED = /\\(?:[dDwWsSbB]|[pP]\{[^}]*\})|\{\d*,?\d*\}|\?<\w+>/g;

/** The literal text of an expression: words, and characters that are no syntax. */
const NAMED = /\w+|[^\w\\()[\]{}*+?|^$.\s/-]/g;

/** Ends of a path that make most expressions fail. */
const ENDS = ["", "\n!", "/\n!/"];

/**
 * Returns the parameter because of which an expression could take long to fail, or undefined. A parameter with the
 * library's expression is never slow. Each expression of the developer, and all of them together, are timed on
 * hostile paths of growing length. On Workers the clock does not advance while code runs, so nothing is timed
 * there; `headgate check` has timed it before.
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

/** Returns true for the library's expression: a run of characters that are no separator. */
function isLibrarys(pattern: string): boolean {
  return /^\[\^[^\]]*\]\+\?$/.test(pattern);
}

function isSlow(expression: RegExp, before: string, pattern: string): boolean {
  return [...PIECES, ...namedIn(pattern)].some((piece) =>
    ENDS.some((end) => {
      for (let times = FEWEST; times * piece.length <= LONGEST; times = more(times, piece)) {
        const path = `${before}${piece.repeat(times)}${end}`;
        // On a busy machine one run may be slow; a slow expression is slow in both.
        if (takesLong(expression, path) && takesLong(expression, path)) return true;
      }
      return false;
    }),
  );
}

/**
 * Returns pieces from the expression's literal text: each word, each of its characters, and each other
 * character.
 */
function namedIn(pattern: string): Set<string> {
  const plain = pattern
    .replace(BY_CODE, (_, ...codes: string[]) =>
      String.fromCodePoint(parseInt(codes.find(Boolean) ?? "", 16)),
    )
    .replace(UNNAMED, " ");
  const words = plain.match(NAMED) ?? [];
  return new Set(
    words.flatMap((word) => [...Array.from(word), word, ...(/\w/.test(word) ? [] : [`a${word}`])]),
  );
}

/** Returns the next number of repetitions: small steps while the time may double with each piece, then a factor. */
function more(times: number, piece: string): number {
  return times < 48 ? times + (piece.length > 1 ? 1 : 2) : Math.ceil(times * GROWTH);
}

function takesLong(expression: RegExp, path: string): boolean {
  const startedAt = monotonic();
  expression.test(path);
  return monotonic() - startedAt > TOO_LONG_MS;
}
