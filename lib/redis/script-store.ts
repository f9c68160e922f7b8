import type { Requester } from "./upstash-protocol.ts";
import { DEFAULT_DEADLINE_MS, type Timed } from "./deadline.ts";
import { createRequester, type RequesterOptions } from "./requester.ts";

/** The answer to one script of a pipeline; `error` is Redis's text. */
export interface ScriptAnswer {
  readonly result?: unknown;
  readonly error?: string | undefined;
}

/** Scripts that are sent in one call and answered in their order. */
export interface ScriptPipeline {
  eval(lua: string, keys: string[], args: string[]): unknown;
  evalsha(sha: string, keys: string[], args: string[]): unknown;
  exec(options: { keepErrors: true }): Promise<readonly ScriptAnswer[]>;
}

/** The part of a Redis client that runs scripts; every client of @upstash/redis has it. */
export interface ScriptStore extends Timed {
  eval(lua: string, keys: string[], args: string[]): Promise<unknown>;
  evalsha(sha: string, keys: string[], args: string[]): Promise<unknown>;
  pipeline(): ScriptPipeline;
}

type Command = readonly (string | number)[];

/**
 * Makes a client that only runs scripts: the gate at the edge needs no other command, and a client with all
 * two hundred would be larger.
 *
 * @param options where the store is; `deadlineMs` in milliseconds, 500 by default
 * @example
 * const redis = createScriptStore({ url, token, deadlineMs: 300 });
 */
export function createScriptStore(options: RequesterOptions): ScriptStore {
  return scriptStoreOver(createRequester(options), options.deadlineMs);
}

/** Makes the same client over another requester, whose calls take at most `deadlineMs` milliseconds. */
export function scriptStoreOver(
  requester: Requester,
  deadlineMs = DEFAULT_DEADLINE_MS,
): ScriptStore {
  const call = async (body: Command) => (await requester.request({ body: [...body] })).result;
  return {
    deadlineMs,
    eval: (lua, keys, args) => call(commandOf("eval", lua, keys, args)),
    evalsha: (sha, keys, args) => call(commandOf("evalsha", sha, keys, args)),
    pipeline() {
      const commands: Command[] = [];
      return {
        eval: (lua, keys, args) => commands.push(commandOf("eval", lua, keys, args)),
        evalsha: (sha, keys, args) => commands.push(commandOf("evalsha", sha, keys, args)),
        // The answer to a pipeline is an array with one object per command.
        exec: async () =>
          (await requester.request({
            path: ["pipeline"],
            body: commands,
          })) as unknown as readonly ScriptAnswer[],
      };
    },
  };
}

function commandOf(
  name: "eval" | "evalsha",
  script: string,
  keys: readonly string[],
  args: readonly string[],
): Command {
  return [name, script, keys.length, ...keys, ...args];
}
