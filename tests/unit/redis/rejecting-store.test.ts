import type { Requester } from "@upstash/redis";
import { describe, expect, test } from "vitest";
import { connectTcp } from "#lib/gateway/direct";
import type { BreakerChange } from "#lib/redis/breaker";
import { StoreError } from "#lib/redis/errors";
import { batchCalls } from "#lib/redis/batching";
import { createRequester } from "#lib/redis/requester";
import { defineScript, runScript, runScripts } from "#lib/redis/script";
import { type ScriptStore, scriptStoreOver } from "#lib/redis/script-store";
import { startScriptedStore } from "../../support/scripted-store.ts";
import { startRespServer } from "../../support/resp-server.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

const SHA = "7b6149474e93dc3661a8a719fd6876221f0e5f0c";
const SECRET = "198.51.100.7";

/** Replies of a store that rejects every call, with the code of each. */
const LASTING: readonly (readonly [reply: string, code: string])[] = [
  ["ERR max requests limit exceeded. Limit: 500000, Usage: 500000.", "STORE_OVER_QUOTA"],
  ["ERR max daily request limit exceeded. Limit: 10000, Usage: 10000.", "STORE_OVER_QUOTA"],
  ["ERR max concurrent connections exceeded", "STORE_OVER_QUOTA"],
  ["ERR max commands per second exceeded", "STORE_OVER_QUOTA"],
  ["ERR max number of clients reached", "STORE_OVER_QUOTA"],
  ["ERR DB capacity quota exceeded", "STORE_OVER_QUOTA"],
  ["ERR daily bandwidth limit reached", "STORE_OVER_QUOTA"],
  ["ERR This database has been suspended. See the console.", "STORE_SUSPENDED"],
  ["ERR Your database is archived due to inactivity", "STORE_SUSPENDED"],
  ["NOAUTH Authentication required.", "STORE_UNAUTHORIZED"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "STORE_UNAUTHORIZED"],
  ["OOM command not allowed when used memory > 'maxmemory'.", "STORE_OUT_OF_MEMORY"],
  [
    `OOM command not allowed when used memory > 'maxmemory'. script: ${SHA}, on @user_script:1.`,
    "STORE_OUT_OF_MEMORY",
  ],
  [
    `ERR Error running script (call to f_${SHA}): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.`,
    "STORE_OUT_OF_MEMORY",
  ],
  ["@user_script: 12: -READONLY You can't write against a read only replica.", "STORE_READ_ONLY"],
  ["READONLY You can't write against a read only replica.", "STORE_READ_ONLY"],
  ["MISCONF Redis is configured to save RDB snapshots, but it is unable to.", "STORE_READ_ONLY"],
  ["NOREPLICAS Not enough good replicas to write.", "STORE_READ_ONLY"],
  ["NOPERM this user has no permissions to run the 'evalsha' command", "STORE_NOT_PERMITTED"],
  [
    `NOPERM this user has no permissions to access the key ${SECRET} used as arguments`,
    "STORE_NOT_PERMITTED",
  ],
  [
    `ERR The user executing the script can't run this command or subcommand script: ${SHA}, on @user_script:1.`,
    "STORE_NOT_PERMITTED",
  ],
  [
    "ERR unknown command 'evalsha', with args beginning with: '198.51.100.7'",
    "STORE_NOT_PERMITTED",
  ],
  [
    "ERR unknown command `EVALSHA`, with args beginning with: `198.51.100.7`",
    "STORE_NOT_PERMITTED",
  ],
  ["ERR Command is not available: 'EVALSHA'. See the compatibility page.", "STORE_NOT_PERMITTED"],
  [
    `ERR Unknown Redis command called from script script: ${SHA}, on @user_script:1.`,
    "STORE_NOT_PERMITTED",
  ],
  ["ERR unknown command 'v1', with args beginning with: '198.51.100.7'", "STORE_WRONG_ADDRESS"],
  ["MOVED 3999 198.51.100.7:6381", "STORE_WRONG_ADDRESS"],
  ["ASK 3999 198.51.100.7:6381", "STORE_WRONG_ADDRESS"],
  ["LOADING Redis is loading the dataset in memory", "STORE_UNREACHABLE"],
  ["BUSY Redis is busy running a script. You can only call SCRIPT KILL.", "STORE_UNREACHABLE"],
  ["CLUSTERDOWN The cluster is down", "STORE_UNREACHABLE"],
  ["MASTERDOWN Link with MASTER is down", "STORE_UNREACHABLE"],
];

/** Replies that concern one command: the store serves the next one. */
const ABOUT_ONE: readonly string[] = [
  "ERR max request size exceeded. Limit: 1048576 bytes, Actual: 2000000 bytes",
  "ERR max single record size exceeded",
  "ERR max key size exceeded",
  "ERR request size limit exceeded",
  "WRONGTYPE Operation against a key holding the wrong kind of value",
  `ERR Error running script (call to f_${SHA}): @user_script:1: WRONGTYPE Operation against a key`,
  `ERR user_script:1: Script attempted to access nonexistent global variable script: ${SHA}`,
  "CROSSSLOT Keys in request don't hash to the same slot",
  "EXECABORT Transaction discarded because of previous errors.",
  "BUSYGROUP Consumer Group name already exists",
  "ERR value is not an integer or out of range",
  "MINE it failed",
  "ERR what a client sent: ERR max requests limit exceeded",
  "something that no Redis says",
];

const script = defineScript("return 1");
const ASKED = 50;

/** A connection to a store, with what was sent over it. */
interface Way {
  readonly redis: ScriptStore;
  readonly changes: readonly BreakerChange[];
  /** How many calls reached the store: REST requests, or commands that run a script. */
  readonly sent: () => number;
}

async function byRest(
  reply: string,
  status: number,
  through: (requester: Requester) => Requester = (it) => it,
): Promise<Way> {
  const store = cleanUp(
    await startScriptedStore((body, path) =>
      path === "/pipeline"
        ? { body: JSON.stringify((body as unknown[]).map(() => ({ error: reply }))) }
        : { status, body: JSON.stringify({ error: reply }) },
    ),
    (it) => it.stop(),
  );
  const changes: BreakerChange[] = [];
  const { url, token } = store;
  const onBreakerChange = (change: BreakerChange) => changes.push(change);
  const requester = createRequester({ url, token, deadlineMs: 10_000, onBreakerChange });
  const redis = scriptStoreOver(through(requester), 10_000);
  return { redis, changes, sent: () => store.calls.length };
}

async function byTcp(reply: string): Promise<Way> {
  const isScript = (command: string) => command.startsWith("EVAL");
  const server = cleanUp(
    await startRespServer((command) => (isScript(command) ? reply : undefined)),
    (it) => it.stop(),
  );
  const changes: BreakerChange[] = [];
  const client = cleanUp(
    connectTcp({
      redisUrl: server.redisUrl,
      deadlineMs: 10_000,
      onBreakerChange: (change) => changes.push(change),
    }),
    (it) => it.close(),
  );
  return {
    redis: client.redis,
    changes,
    sent: () => server.commands.filter(isScript).length,
  };
}

const WAYS: Readonly<Record<string, (reply: string) => Promise<Way>>> = {
  "REST with status 400": (reply) => byRest(reply, 400),
  "REST with status 429": (reply) => byRest(reply, 429),
  "a pipeline with status 200": (reply) => byRest(reply, 200),
  "batched calls": (reply) => byRest(reply, 400, batchCalls),
  TCP: byTcp,
};

/** Runs a script many times, concurrently for batches, and returns the error of each call. */
async function askBy(way: string, redis: ScriptStore): Promise<StoreError[]> {
  const errors: unknown[] = [];
  const isPipeline = way === "a pipeline with status 200";
  const atOnce = way === "batched calls" ? 10 : 1;
  const calls = ["a", "b"].map((key) => ({ keys: [key], args: [] }));
  const ask = () =>
    isPipeline ? runScripts(redis, script, calls) : runScript(redis, script, ["k"], []);
  for (let i = 0; i < ASKED; i += atOnce) {
    const ends = await Promise.allSettled(Array.from({ length: atOnce }, ask));
    for (const end of ends) {
      errors.push(
        end.status === "rejected"
          ? end.reason
          : isPipeline
            ? (end.value as unknown[])[0]
            : undefined,
      );
    }
  }
  for (const error of errors) expect(error).toBeInstanceOf(StoreError);
  return errors as StoreError[];
}

describe.each(Object.entries(WAYS))("a store that rejects every script, by %s", (way, open) => {
  test.each(LASTING)(
    "scripts fail with the store's code and are not sent after five: %s",
    async (reply, code) => {
      const { redis, changes, sent } = await open(reply);
      const errors = await askBy(way, redis);
      expect(errors[0]?.code).toBe(code);
      expect(changes[0]).toMatchObject({ state: "open", error: { name: "StoreError" } });
      expect(sent()).toBeGreaterThanOrEqual(1);
      expect(sent()).toBeLessThanOrEqual(7);
      expect(errors.at(-1)?.code).toBe("STORE_NOT_TRIED");
      for (const error of errors) expect(`${error.message} ${error.stack}`).not.toContain(SECRET);
    },
  );
});

// A status of 429 means that a quota is used up, for every reply.
const WITHOUT_429 = Object.entries(WAYS).filter(([way]) => way !== "REST with status 429");

describe.each(WITHOUT_429)("a store that rejects one command, by %s", (way, open) => {
  test.each(ABOUT_ONE)(
    "scripts are still sent after a reply about one command: %s",
    async (reply) => {
      const { redis, changes } = await open(reply);
      const errors = await askBy(way, redis);
      expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["STORE_REJECTED"]));
      expect(changes).toEqual([]);
    },
  );
});
