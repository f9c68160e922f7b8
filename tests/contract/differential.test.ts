import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEmbeddedStore } from "#lib/gateway/embedded/store";
import { type Gateway, serveStore, startGateway } from "#lib/gateway/server";
import { comparable, redisCommand, streamCommand } from "../support/redis-commands.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";

const token = "a-token-of-the-tests";

let redis: TestRedis;
let real: Gateway;
let embedded: Gateway;

beforeAll(async () => {
  redis = await startRedis();
  real = await startGateway({ redisUrl: redis.url, token, allowFlush: true });
  embedded = await serveStore(await openEmbeddedStore(), { token, allowFlush: true });
});
afterAll(async () => {
  await embedded?.close();
  await real?.close();
  await redis?.stop();
});

interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

async function ask(gateway: Gateway, path: string, commands: readonly string[][]) {
  const response = await fetch(gateway.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "upstash-encoding": "base64" },
    body: JSON.stringify(commands),
  });
  return (await response.json()) as Answer | Answer[];
}

/** Bytes as they came, in letters that a person can compare. */
function decoded(value: unknown): unknown {
  if (typeof value === "string") return Buffer.from(value, "base64").toString("latin1");
  return Array.isArray(value) ? value.map(decoded) : value;
}

/** What Lua says of an error of its own differs between its versions; the code does not. */
function wording(error: string): string {
  return error.replace(/(?<=user_script:\d+: (?:attempt|bad argument)).*/, "");
}

/** Each command beside its answer, from empty keys on. */
async function answersOf(gateway: Gateway, path: string, commands: readonly string[][]) {
  await ask(gateway, "/pipeline", [["FLUSHALL"]]);
  const answers = await ask(gateway, path, commands);
  if (!Array.isArray(answers)) return answers;
  return answers.map(({ result, error }, at) => {
    const command = commands[at] ?? [];
    return error === undefined
      ? [command.join(" "), comparable(command, decoded(result))]
      : [command.join(" "), "error", wording(error)];
  });
}

describe("the embedded store answers as redis-server does", () => {
  test.each([
    ["commands", "/pipeline", redisCommand],
    ["commands", "/multi-exec", redisCommand],
    ["commands of streams", "/pipeline", streamCommand],
    ["commands of streams", "/multi-exec", streamCommand],
  ])("to any %s sent to %s", async (_, path, command) => {
    const commands = fc.array(command, { minLength: 1, maxLength: 40, size: "max" });
    await fc.assert(
      fc.asyncProperty(commands, async (sent) => {
        const [expected, actual] = await Promise.all([
          answersOf(real, path, sent),
          answersOf(embedded, path, sent),
        ]);
        expect(actual).toEqual(expected);
      }),
      { numRuns: 250 },
    );
  });
});
