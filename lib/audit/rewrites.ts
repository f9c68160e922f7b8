import { parse, type Token, tokensToFunction } from "path-to-regexp";
import type { CasedRewrite } from "./manifests.ts";
import type { BuiltRewrite } from "./schemas.ts";
import { expressionOf } from "./matchers.ts";
import type { Site } from "./site.ts";

/** A path that a client may ask for, and the route's path that a rewrite makes of it. */
export interface Way {
  /** As Next's router matches it. */
  readonly source: string;
  /** Without the base path. */
  readonly destination: string;
}

/** A rewrite that stays in the app, ready to be tried. */
export interface Rewriting {
  /** Ways to what its own parameters make of the destination. */
  readonly ways: readonly Way[];
  /** Ways to a path of the app; none where the rewrite does not lead there. */
  waysTo(path: string): readonly Way[];
  /** Whether the destination could be a path, whatever the source. */
  couldBe(path: string): boolean;
  /** Whether a parameter that the destination does not name fits nothing that is tried. */
  readonly isUntried: boolean;
}

type Values = Readonly<Record<string, string | readonly string[] | undefined>>;
type Key = Exclude<Token, string>;

/** What a parameter of a source is tried with; which fit is its own expression's to say. */
const VALUES = ["x", "12", "a.b", "en", "2026-01-01", "X1", "x/y", "x-1", ""];

/** For expressions that ask for a length. */
const LENGTHY = ["0b6f2f0e-6c1c-4b0e-9d3a-3f1d5f0c7a11"].concat(
  Array.from({ length: 64 }, (_, i) =>
    ["0", "a", "A"].map((letter) => letter.repeat(i + 1)),
  ).flat(),
);

/** Whether a rewrite leads out of the app. */
export function isExternal({ destination }: BuiltRewrite): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(destination) || destination.startsWith("//");
}

/**
 * Reads a rewrite; undefined where its patterns cannot be read.
 *
 * What a `has` condition captures is the client's to choose, so such a parameter of the destination
 * may become anything.
 */
export function rewritingOf(rewrite: CasedRewrite, site: Site): Rewriting | undefined {
  let source: readonly Token[];
  let destination: readonly Token[];
  try {
    source = parse(rewrite.source);
    destination = parse(pathOf(rewrite.destination));
  } catch {
    return undefined;
  }
  const { caseSensitive } = rewrite;
  const matches = expressionOf(rewrite.regex, caseSensitive ? "" : "i");
  const sourceKeys = keysOf(source);
  const destinationKeys = keysOf(destination);
  const spellings = caseSensitive ? [unchanged] : [unchanged, upper, lower, swapped];
  const shape = new RegExp(`^${destination.map(anyOf).join("")}$`, "s");
  const reach = builderOf(destination);
  const spelledOut = spellings.map((spelling) =>
    builderOf(source.map((token) => spelled(token, spelling))),
  );

  const waysBy = (values: Values): Way[] => {
    const reached = reach(values);
    if (reached === undefined) return [];
    return spelledOut
      .flatMap((spellOut) => spellOut(values) ?? [])
      .filter((path) => matches.test(path))
      .map((path) => ({ source: path, destination: site.route(reached || "/") }));
  };

  const isNamed = ({ name }: Key) => destinationKeys.some((key) => key.name === name);
  const turns = [...VALUES.keys()];
  /** What the source's own parameters are tried with: once is enough where the destination names all. */
  const others = turns
    .slice(0, sourceKeys.every(isNamed) ? 1 : undefined)
    .map((i) => valuesFor(sourceKeys, i));

  /** The values by which a destination is a path. */
  const valuesAt = (path: string): Values | undefined => {
    const found = shape.exec(path)?.slice(1);
    if (!found) return undefined;
    return Object.fromEntries(
      destinationKeys.map((key, at) => {
        const repeats = isRepeated(sourceKeys.find(({ name }) => name === key.name) ?? key);
        return [key.name, repeats ? found[at]?.split("/") : found[at]];
      }),
    );
  };

  const samples = turns.map((i) => valuesFor([...destinationKeys, ...sourceKeys], i));
  return {
    ways: unique(samples.flatMap(waysBy)),
    waysTo: (path) => {
      const ways = site.matchedEach(path).flatMap((matched) => {
        const values = valuesAt(matched);
        return values ? others.flatMap((other) => waysBy({ ...other, ...values })) : [];
      });
      return unique(ways.filter((way) => way.destination === path));
    },
    couldBe: (path) => shape.test(site.matched(path)),
    isUntried: sourceKeys.some(
      (key) =>
        !/[?*]/.test(key.modifier) && valuesFor([key], 0)[key.name] === undefined && !isNamed(key),
    ),
  };
}

/** The path of a destination: Next takes the first "?" for the query's. */
function pathOf(destination: string): string {
  const path = destination.replace(/[?#].*$/s, "");
  // The markers of intercepting routes are no groups.
  return path.replace(/\((\.{1,3})\)/g, String.raw`\($1\)`);
}

function keysOf(tokens: readonly Token[]): Key[] {
  return tokens.filter((token) => typeof token !== "string");
}

/** For each key the i-th of the values that fit it, in turn. */
function valuesFor(
  keys: readonly Key[],
  i: number,
): Record<string, string | readonly string[] | undefined> {
  return Object.fromEntries(
    keys.map((key) => {
      const own = expressionOf(`^(?:${key.pattern})$`, "i");
      const alternatives = key.pattern.split("|");
      const fitting = [...alternatives, ...VALUES].filter((value) => own.test(value));
      const value = fitting[i % fitting.length] ?? LENGTHY.find((text) => own.test(text));
      const isLeftOut = /[?*]/.test(key.modifier) && i === VALUES.length - 1;
      if (isLeftOut || value === undefined) return [key.name, undefined];
      return [key.name, isRepeated(key) ? [value] : value];
    }),
  );
}

function isRepeated(key: Key | undefined): boolean {
  return key !== undefined && /[*+]/.test(key.modifier);
}

type Builder = (values: Values) => string | undefined;

function builderOf(tokens: readonly Token[]): Builder {
  const fill = tokensToFunction([...tokens], { validate: false });
  return (values) => {
    try {
      return fill(values);
    } catch {
      // A parameter without a value, or of a kind that it cannot have: this is no way.
      return undefined;
    }
  };
}

function anyOf(token: Token): string {
  if (typeof token === "string") return escaped(token);
  const { prefix, suffix, modifier } = token;
  const one = `${escaped(prefix)}(.*)${escaped(suffix)}`;
  return /[?*]/.test(modifier) ? `(?:${one})?` : one;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

type Spelling = (text: string) => string;
const unchanged: Spelling = (text) => text;
const upper: Spelling = (text) => text.toUpperCase();
const lower: Spelling = (text) => text.toLowerCase();
const swapped: Spelling = (text) =>
  text.replace(/\/[a-z]/gi, (start) =>
    start === start.toUpperCase() ? start.toLowerCase() : start.toUpperCase(),
  );

function spelled(token: Token, spelling: Spelling): Token {
  if (typeof token === "string") return spelling(token);
  return { ...token, prefix: spelling(token.prefix), suffix: spelling(token.suffix) };
}

function unique(ways: readonly Way[]): readonly Way[] {
  return [...new Map(ways.map((way) => [`${way.source} ${way.destination}`, way])).values()];
}

/** A path that a pattern of the policy describes, with each value that fits its parameters. */
export function patternSamples(pattern: string): readonly string[] {
  const tokens = parse(pattern, { delimiter: "/" });
  const keys = keysOf(tokens);
  const build = builderOf(tokens);
  const paths = [...VALUES.keys()].flatMap((i) => build(valuesFor(keys, i)) ?? []);
  return [...new Set(keys.length > 0 ? paths : [build({}) ?? pattern])].filter(
    (path) => path !== "",
  );
}
