import { parse, type Token, tokensToFunction } from "path-to-regexp";
import type { CasedRewrite } from "./manifests.ts";
import type { BuiltRewrite } from "./schemas.ts";
import { expressionOf } from "./matchers.ts";
import type { Site } from "./site.ts";

/** A path that a client may request, and the route's path to which a rewrite changes it. */
export interface Way {
  /** The requested path, as Next's router matches it. */
  readonly source: string;
  /** The route's path, without the base path. */
  readonly destination: string;
}

/** A rewrite within the app, for sampling. */
export interface Rewriting {
  /** The ways that its own parameters lead to. */
  readonly ways: readonly Way[];
  /** Returns ways to a path of the app; empty when the rewrite does not lead there. */
  waysTo(path: string): readonly Way[];
  /** Returns true when the destination could be a path, for any source. */
  couldBe(path: string): boolean;
  /** True when no sample value matches a parameter that the destination does not name. */
  readonly isUntried: boolean;
}

type Values = Readonly<Record<string, string | readonly string[] | undefined>>;
type Key = Exclude<Token, string>;

/** The sample values of a source's parameters. The expression of each decides which match. */
const VALUES = ["x", "12", "a.b", "en", "2026-01-01", "X1", "x/y", "x-1", ""];

/** Sample values for expressions that require a length. */
const LENGTHY = ["0b6f2f0e-6c1c-4b0e-9d3a-3f1d5f0c7a11"].concat(
  Array.from({ length: 64 }, (_, i) =>
    ["0", "a", "A"].map((letter) => letter.repeat(i + 1)),
  ).flat(),
);

/** Returns true when a rewrite leads out of the app. */
export function isExternal({ destination }: BuiltRewrite): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(destination) || destination.startsWith("//");
}

/**
 * Reads a rewrite. Returns undefined when its patterns cannot be read.
 *
 * A client chooses the value that a `has` condition captures, so such a parameter of the destination may have
 * any value.
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
  /** Samples of the source's own parameters. One is enough when the destination names all of them. */
  const others = turns
    .slice(0, sourceKeys.every(isNamed) ? 1 : undefined)
    .map((i) => valuesFor(sourceKeys, i));

  /** Returns the values with which a destination is a path. */
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

/** Returns the path of a destination, up to the first "?", as in Next. */
function pathOf(destination: string): string {
  const path = destination.replace(/[?#].*$/s, "");
  // The markers of intercepting routes are not groups.
  return path.replace(/\((\.{1,3})\)/g, String.raw`\($1\)`);
}

function keysOf(tokens: readonly Token[]): Key[] {
  return tokens.filter((token) => typeof token !== "string");
}

/** Returns for each key the i-th of the values that match it. */
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
      // A parameter has no value or an invalid one, so this way does not exist.
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

/** Returns paths that match a pattern of the policy, with each value that matches its parameters. */
export function patternSamples(pattern: string): readonly string[] {
  const tokens = parse(pattern, { delimiter: "/" });
  const keys = keysOf(tokens);
  const build = builderOf(tokens);
  const paths = [...VALUES.keys()].flatMap((i) => build(valuesFor(keys, i)) ?? []);
  return [...new Set(keys.length > 0 ? paths : [build({}) ?? pattern])].filter(
    (path) => path !== "",
  );
}
