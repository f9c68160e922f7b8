import type { Key, Token } from "path-to-regexp";
import { monotonic } from "#lib/core/clock";

/** An expression that takes longer than this on a hostile path is refused, in milliseconds. */
const TOO_LONG_MS = 50;

/**
 * Hostile paths repeat a piece, and grow slowly, so that none takes much longer than the one before it: from
 * so many times, by one or two, and then by a factor.
 */
const FEWEST = 5;
const GROWTH = 4 / 3;

/** As much of a path as expressions are tried on at all. */
const LONGEST = 2048;

/** What a path is made of that makes expressions go back and try again. */
const PIECES = ["a", "0", "-", "a-", "a/", "/", " ", "x.y", "aA0_"];

/** A character by its code, as `\x71`, `\u00e9` or `\u{e9}`. */
const BY_CODE = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{([0-9a-f]{1,5})\})/gi;

/** What stands for many characters, of which {@link PIECES} has some, or repeats one. */
const UNNAMED = /\\(?:[dDwWsSbB]|[pP]\{[^}]*\})|\{\d*,?\d*\}|\?<\w+>/g;

/** What an expression may name: words, and characters that are no syntax of expressions. */
const NAMED = /\w+|[^\w\\()[\]{}*+?|^$.\s/-]/g;

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
  return [...PIECES, ...namedIn(pattern)].some((piece) =>
    ENDS.some((end) => {
      for (let times = FEWEST; times * piece.length <= LONGEST; times = more(times, piece)) {
        const path = `${before}${piece.repeat(times)}${end}`;
        // A busy machine is slow now and then; an expression is slow each time.
        if (takesLong(expression, path) && takesLong(expression, path)) return true;
      }
      return false;
    }),
  );
}

/** What the expression itself names: each word, each character of one, and each other character. */
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

/** In steps where an expression's time may double with each piece, in proportion beyond. */
function more(times: number, piece: string): number {
  return times < 48 ? times + (piece.length > 1 ? 1 : 2) : Math.ceil(times * GROWTH);
}

function takesLong(expression: RegExp, path: string): boolean {
  const startedAt = monotonic();
  expression.test(path);
  return monotonic() - startedAt > TOO_LONG_MS;
}
