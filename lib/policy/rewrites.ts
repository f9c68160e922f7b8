import { type Key, parse, tokensToRegexp } from "path-to-regexp";
import { HeadgateError } from "#lib/core/errors";
import { type Guard, isList, isNamed, isText, optional } from "./shape.ts";

/** As much of one as is followed. */
export interface Rewrite {
  readonly source: string;
  readonly destination: string;
  readonly has?: readonly unknown[] | undefined;
  readonly missing?: readonly unknown[] | undefined;
  readonly basePath?: boolean | undefined;
}

/** What next.config's `rewrites` answers: other names of the app's routes. */
export type Rewrites =
  | readonly Rewrite[]
  | {
      readonly beforeFiles?: readonly Rewrite[] | undefined;
      readonly afterFiles?: readonly Rewrite[] | undefined;
      readonly fallback?: readonly Rewrite[] | undefined;
    };

/** Finds the paths that a path may lead to; undefined where they are too many to tell. */
export type Follow = (paths: readonly string[]) => readonly string[] | undefined;

/** A path that a rewrite leads to, and whether a condition was met on the way. */
interface Reached {
  readonly path: string;
  readonly conditional: boolean;
}

/** More than this is no app's: it would be a request that was made to be dear. */
const MAX_REACHED = 1000;

/** Stands for a part that only a condition knows. */
const UNKNOWN_PART = "-";

/**
 * Reads what next.config's `rewrites` answers, as JSON carries it.
 *
 * @param given JSON text; undefined or "" is none
 * @throws {HeadgateError} REWRITES_INVALID where it is not that
 * @example
 * const rewrites = readRewrites(process.env["HEADGATE_REWRITES"]);
 */
export function readRewrites(given: string | undefined): Rewrites {
  if (!given) return [];
  let read: unknown;
  try {
    read = JSON.parse(given);
  } catch (cause) {
    throw unreadable(cause);
  }
  if (!isRewrites(read)) throw unreadable();
  return read;
}

function unreadable(cause?: unknown): HeadgateError {
  return new HeadgateError(
    "REWRITES_INVALID",
    "HEADGATE_REWRITES must be what next.config's rewrites() returns, as JSON: withHeadgate of headgate/plugin writes it.",
    { cause },
  );
}

const isRewrites: Guard<Rewrites> = (value): value is Rewrites => {
  if (!isNamed(value)) return isRewriteList(value);
  return ["beforeFiles", "afterFiles", "fallback"].every((part) =>
    optional(isRewriteList)(value[part]),
  );
};

const isRewriteList: Guard<readonly Rewrite[]> = (value): value is readonly Rewrite[] =>
  isList(value) && value.every(isRewrite);

function isRewrite(value: unknown): value is Rewrite {
  if (!isNamed(value)) return false;
  const { source, destination, has, missing, basePath } = value;
  return (
    isText(source) &&
    source.startsWith("/") &&
    isText(destination) &&
    destination !== "" &&
    [has, missing].every(optional(isList)) &&
    (basePath === undefined || typeof basePath === "boolean")
  );
}

/**
 * Makes the function that follows rewrites as Next does, where there are any: in their order, in any letter case, each on
 * what those before it came to. Whether a rewrite with a condition applies is not looked at: it may,
 * and then where it leads counts. Two such are not followed one after the other, or an app with one
 * for each of its hosts would have as many paths as there are subsets of them.
 *
 * Rewrites to other sites lead to no handler of the app, and are left out; so are those without
 * basePath, whose paths are not told apart here (`headgate audit` looks at them).
 *
 * @throws {HeadgateError} REWRITES_INVALID where a source or destination is no pattern
 */
export function createFollow(rewrites: Rewrites): Follow | undefined {
  const followed = inOrder(rewrites)
    .filter(({ destination, basePath }) => destination.startsWith("/") && basePath !== false)
    .map(compileRewrite);
  if (followed.length === 0) return undefined;
  return (paths) => {
    const reached: Reached[] = paths.map((path) => ({ path, conditional: false }));
    for (const step of followed) {
      reached.push(...reached.flatMap((from) => step(from) ?? []));
      if (reached.length > MAX_REACHED) return undefined;
    }
    return reached.slice(paths.length).map(({ path }) => path);
  };
}

function inOrder(rewrites: Rewrites): readonly Rewrite[] {
  if (isList(rewrites)) return rewrites;
  const { beforeFiles = [], afterFiles = [], fallback = [] } = rewrites;
  return [...beforeFiles, ...afterFiles, ...fallback];
}

function compileRewrite(given: Rewrite): (from: Reached) => Reached | undefined {
  const { source, destination, has, missing } = given;
  const hasCondition = has !== undefined || missing !== undefined;
  try {
    const keys: Key[] = [];
    const expression = tokensToRegexp(parse(source, SEGMENTS), keys, SEGMENTS);
    const write = writerOf(keys, destination);
    return ({ path, conditional }) => {
      const found = conditional && hasCondition ? null : expression.exec(path);
      const to = found ? write(paramsOf(keys, found)) : undefined;
      return to === undefined ? undefined : { path: to, conditional: conditional || hasCondition };
    };
  } catch (cause) {
    throw new HeadgateError(
      "REWRITES_INVALID",
      `The rewrite from ${JSON.stringify(source)} to ${JSON.stringify(destination)} is no pattern that Next could use.`,
      { cause },
    );
  }
}

/** Parameters end at "/" alone. */
const SEGMENTS = { delimiter: "/" };

/** What a path has for each parameter: one part, or several where the parameter repeats. */
type Params = ReadonlyMap<string | number, string | readonly string[]>;

/** Reads the parameters of a source that matched, as `match` of path-to-regexp does. */
function paramsOf(keys: readonly Key[], [, ...found]: RegExpExecArray): Params {
  const params = new Map<string | number, string | readonly string[]>();
  for (const [i, key] of keys.entries()) {
    const value = found[i];
    if (value === undefined) continue;
    params.set(key.name, repeats(key) ? value.split(key.prefix + key.suffix) : value);
  }
  return params;
}

/**
 * Makes what writes a destination's path, as `compile` of path-to-regexp does. It returns undefined where
 * the parameters do not fit, which Next cannot serve either.
 */
function writerOf(
  keys: readonly Key[],
  destination: string,
): (params: Params) => string | undefined {
  const [path = "/"] = destination.split(/[?#]/);
  const tokens = parse(path);
  return (params) => {
    let written = "";
    for (const token of tokens) {
      if (typeof token === "string") {
        written += token;
        continue;
      }
      const { name, prefix, suffix, modifier } = token;
      // A group without a parameter, such as {/x}?, has no name.
      const isKnown = name === "" || keys.some((key) => key.name === name);
      const value = isKnown ? params.get(name) : UNKNOWN_PART;
      const fits = value === undefined ? /[?*]/.test(modifier) : isText(value) || repeats(token);
      if (!fits) return undefined;
      for (const part of [value ?? []].flat()) written += prefix + part + suffix;
    }
    return written || "/";
  };
}

function repeats({ modifier }: Key): boolean {
  return /[*+]/.test(modifier);
}
