import { monotonic } from "#lib/core/clock";
import { toHex } from "#lib/core/hex";
import { timeLeft, withinDeadline } from "./deadline.ts";
import { rejected, StoreError } from "./errors.ts";
import type { ScriptStore } from "./script-store.ts";

/** A Lua script and its SHA-1. */
export interface Script {
  readonly lua: string;
  /** Returns the SHA-1 of the text in hex, by which Redis names it. It is no secret. */
  sha(): string | Promise<string>;
}

/** The keys and arguments of one run of a script. */
export interface ScriptCall {
  readonly keys: string[];
  readonly args: readonly (string | number)[];
}

/**
 * Makes a script from its text. Call it once, at the start. The text is hashed at the first run, since most
 * cold starts run one script only.
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
 * Runs a script by its SHA-1, and once by its text if Redis does not know it. When Redis answers NOSCRIPT,
 * nothing ran, so the second call never counts twice. Both calls share one deadline.
 *
 * @throws {StoreError} when the store fails or rejects the script
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

/** The pauses before each retry of a script whose answer was lost, in milliseconds. */
const PAUSES_MS = [25, 75];

/** Failures that leave open whether the script ran, and may leave time for a retry. */
const LOST: ReadonlySet<string> = new Set(["STORE_UNREACHABLE", "STORE_BAD_ANSWER"]);

/** Replies that are worth a retry. Any other reply would be the same again. */
const TEMPORARY: ReadonlySet<string | undefined> = new Set([undefined, "UNREACHABLE", "TRYAGAIN"]);

/**
 * Runs a script, and retries it at most twice when its answer was lost. It is for idempotent scripts, such as
 * those of claims and locks, which recognize their owner. All calls share one deadline.
 *
 * @throws {StoreError} when the store fails or rejects the script
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
    const retried = retry(redis, () => runScript(redis, script, keys, args), { error, since });
    return withinDeadline(redis, since, retried);
  }
}

async function retry(
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
  return error instanceof StoreError && LOST.has(error.code) && TEMPORARY.has(error.reply);
}

/**
 * Runs a script several times in one REST call, each on the Redis node that has its keys. Returns the answers
 * in the order of the calls, with a {@link StoreError} for each rejected call. Calls whose node does not know
 * the script are sent again by its text, in one more call.
 *
 * @throws {StoreError} when the whole call fails; it is then not known whether any script ran
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
    // The other calls have run, so their answers must be returned.
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
