import { type Key, parse, tokensToRegexp } from "path-to-regexp";
import { HeadgateError } from "#lib/core/errors";
import { type Guard, isList, isNamed, isText, optional } from "./shape.ts";

/** The part of a rewrite that is followed. */
export interface Rewrite {
  readonly source: string;
  readonly destination: string;
  readonly has?: readonly unknown[] | undefined;
  readonly missing?: readonly unknown[] | undefined;
  readonly basePath?: boolean | undefined;
}

/** The result of next.config's `rewrites`: other paths of the app's routes. */
export type Rewrites =
  | readonly Rewrite[]
  | {
      readonly beforeFiles?: readonly Rewrite[] | undefined;
      readonly afterFiles?: readonly Rewrite[] | undefined;
      readonly fallback?: readonly Rewrite[] | undefined;
    };

/** Returns the paths that rewrites may lead to; undefined when there are too many. */
export type Follow = (paths: readonly string[]) => readonly string[] | undefined;

/** A path that a rewrite leads to, and whether one of the rewrites before it has a condition. */
interface Reached {
  readonly path: string;
  readonly conditional: boolean;
}

/** The most paths that are followed. Only a request that was made to be expensive has more. */
const MAX_REACHED = 1000;

/** The placeholder for a parameter whose value comes from a condition. */
const UNKNOWN_PART = "-";

/**
 * Reads the result of next.config's `rewrites` from JSON.
 *
 * @param given JSON text; undefined or "" means no rewrites
 * @throws {HeadgateError} REWRITES_INVALID when the text has another form
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
 * Makes the function that follows rewrites as Next does: in their order, case-insensitively, each on the paths
 * that the earlier ones led to. Returns undefined when there are no rewrites to follow. A rewrite with a
 * condition is always followed, since it may apply. Two such rewrites are not followed in sequence: an app with
 * one for each of its hosts would have as many paths as the hosts have subsets.
 *
 * Rewrites to other sites lead to no handler of the app and are ignored. So are rewrites without basePath, whose
 * paths cannot be distinguished here (`headgate audit` checks them).
 *
 * @throws {HeadgateError} REWRITES_INVALID when a source or destination is no pattern
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

/** Parameters end at "/" only. */
const SEGMENTS = { delimiter: "/" };

/** The value of each parameter in a path: one part, or several for a repeating parameter. */
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
 * Makes the function that writes a destination's path, like `compile` of path-to-regexp. It returns undefined
 * when the parameters do not fit; Next cannot serve such a path either.
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
