import type { Requester } from "./upstash-protocol.ts";
import { DEFAULT_DEADLINE_MS, type Timed } from "./deadline.ts";
import { createRequester, type RequesterOptions } from "./requester.ts";

/** What one script of a pipeline came to: `error` is Redis's own text. */
export interface ScriptAnswer {
  readonly result?: unknown;
  readonly error?: string | undefined;
}

/** Scripts that are sent together, and answered in their order. */
export interface ScriptPipeline {
  eval(lua: string, keys: string[], args: string[]): unknown;
  evalsha(sha: string, keys: string[], args: string[]): unknown;
  exec(options: { keepErrors: true }): Promise<readonly ScriptAnswer[]>;
}

/** As much of a Redis client as runs scripts; every client of @upstash/redis is one. */
export interface ScriptStore extends Timed {
  eval(lua: string, keys: string[], args: string[]): Promise<unknown>;
  evalsha(sha: string, keys: string[], args: string[]): Promise<unknown>;
  pipeline(): ScriptPipeline;
}

type Command = readonly (string | number)[];

/**
 * Makes a client that runs scripts and nothing else: what the gate needs at the edge, without the two
 * hundred commands that it never sends.
 *
 * @param options where the store is; `deadlineMs` in milliseconds, 500 by default
 * @example
 * const redis = createScriptStore({ url, token, deadlineMs: 300 });
 */
export function createScriptStore(options: RequesterOptions): ScriptStore {
  return scriptStoreOver(createRequester(options), options.deadlineMs);
}

/** The same over another requester, whose calls take no longer than `deadlineMs` milliseconds. */
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
        // Of a pipeline the answer is an array, one object a command.
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
