import { monotonic } from "#lib/core/clock";
import { toHex } from "#lib/core/hex";
import { timeLeft, withinDeadline } from "./deadline.ts";
import { rejected, StoreError } from "./errors.ts";
import type { ScriptStore } from "./script-store.ts";

/** A Lua script and the name that Redis knows it by. */
export interface Script {
  readonly lua: string;
  /** Returns the SHA-1 of the text, in hex: Redis's name for it, and no secret. */
  sha(): string | Promise<string>;
}

/** What a script is run with. */
export interface ScriptCall {
  readonly keys: string[];
  readonly args: readonly (string | number)[];
}

/**
 * Makes a script from its text; it is called once, at start. It is hashed when it is run: most of a cold start has one.
 *
 * @example
 * const ADD = defineScript("return redis.call('INCRBY', KEYS[1], ARGV[1])");
 */
export function defineScript(lua: string): Script {
  let sha: string | undefined;
  return {
    lua,
    sha: () => sha ?? sha1(lua).then((made) => (sha = made)),
  };
}

async function sha1(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text))));
}

/**
 * Runs a script by its SHA, and by its text once where Redis has not seen it. Nothing ran when
 * Redis says NOSCRIPT, so the second call never counts twice. Both have one deadline.
 *
 * @throws {StoreError} when the store fails or refuses
 */
export async function runScript(
  redis: ScriptStore,
  script: Script,
  keys: string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const values = args.map(String);
  const since = monotonic();
  try {
    return await redis.evalsha(await script.sha(), keys, values);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return await withinDeadline(redis, since, redis.eval(script.lua, keys, values));
  }
}

/** Where an answer was lost on the way, the script is sent again so often at most, after a while. */
const PAUSES_MS = [25, 75];

/** Failures after which it is not known whether the script ran, and there may be time to ask again. */
const LOST: ReadonlySet<string> = new Set(["STORE_UNREACHABLE", "STORE_BAD_ANSWER"]);

/** Replies to ask again after. Any other reply is an answer, and would be the same again. */
const PASSING: ReadonlySet<string | undefined> = new Set([undefined, "UNREACHABLE", "TRYAGAIN"]);

/**
 * Runs a script, and sends it again, twice at most, when its answer was lost. For a script that knows
 * its owner, so that running it twice does no more than once: a claim, a lock. All have one deadline.
 *
 * @throws {StoreError} when the store fails or refuses
 * @example
 * const ids = await runScriptWithRetry(gate.redis, TAKE_ONCE, [key], [owner]);
 */
export async function runScriptWithRetry(
  redis: ScriptStore,
  script: Script,
  keys: string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const since = monotonic();
  try {
    return await runScript(redis, script, keys, args);
  } catch (error) {
    if (!isLost(error)) throw error;
    const again = sendAgain(redis, () => runScript(redis, script, keys, args), { error, since });
    return withinDeadline(redis, since, again);
  }
}

async function sendAgain(
  redis: ScriptStore,
  run: () => Promise<unknown>,
  { error, since }: { readonly error: unknown; readonly since: number },
): Promise<unknown> {
  let last = error;
  for (const pauseMs of PAUSES_MS) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (timeLeft(redis, since) <= 0) break;
    try {
      return await run();
    } catch (failure) {
      if (!isLost(failure)) throw failure;
      last = failure;
    }
  }
  throw last;
}

function isLost(error: unknown): boolean {
  return error instanceof StoreError && LOST.has(error.code) && PASSING.has(error.reply);
}

/**
 * Runs a script several times in one REST call: each on the Redis that has its keys. Answers in the
 * order of the calls, with a {@link StoreError} in the place of each that was refused. Those that a
 * Redis has not seen are sent again by their text, together.
 *
 * @throws {StoreError} when the store fails as a whole, and nothing is known to have run
 */
export async function runScripts(
  redis: ScriptStore,
  script: Script,
  calls: readonly ScriptCall[],
): Promise<unknown[]> {
  const answers = await sendScripts(redis, "evalsha", await script.sha(), calls);
  const unknown = calls.filter((_, i) => isUnknownScript(answers[i]));
  if (unknown.length === 0) return answers;
  const again = await sendScripts(redis, "eval", script.lua, unknown).catch((error: unknown) =>
    // The others have run: their answers must not be lost with these.
    unknown.map(() => error),
  );
  return answers.map((answer) => (isUnknownScript(answer) ? again.shift() : answer));
}

async function sendScripts(
  redis: ScriptStore,
  command: "eval" | "evalsha",
  script: string,
  calls: readonly ScriptCall[],
): Promise<unknown[]> {
  const pipeline = redis.pipeline();
  for (const { keys, args } of calls) pipeline[command](script, keys, args.map(String));
  const answers = await pipeline.exec({ keepErrors: true });
  return calls.map((_, i) => {
    const { result, error } = answers[i] ?? {};
    return error === undefined ? result : rejected(command.toUpperCase(), error);
  });
}

function isUnknownScript(answer: unknown): boolean {
  return answer instanceof StoreError && answer.reply === "NOSCRIPT";
}
