import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openEmbeddedStore } from "#lib/embedded/store";
import { type Gateway, serveStore, startGateway } from "#lib/gateway/server";
import { type EventStream, openEventStream } from "../support/event-streams.ts";
import { comparable, redisCommand, streamCommand } from "../support/redis-commands.ts";
import { startRedis, type TestRedis } from "../support/redis.ts";

const token = "a-token-of-the-tests";

let redis: TestRedis;
let real: Gateway;
let embedded: Gateway;
const streams: EventStream[] = [];

beforeAll(async () => {
  redis = await startRedis();
  real = await startGateway({ redisUrl: redis.url, token, allowFlush: true });
  embedded = await serveStore(await openEmbeddedStore(), { token, allowFlush: true });
  for (const { port } of [real, embedded]) {
    for (const path of ["/subscribe/a", "/subscribe/b", "/psubscribe/%5Bbc%5D", "/psubscribe/h*"]) {
      const stream = openEventStream(port, token, path);
      streams.push(stream);
      await vi.waitUntil(() => stream.data().length === 1);
    }
  }
});
afterAll(async () => {
  for (const { socket } of streams) socket.destroy();
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

/** Returns bytes as text that a person can compare. */
function decoded(value: unknown): unknown {
  if (typeof value === "string") return Buffer.from(value, "base64").toString("latin1");
  return Array.isArray(value) ? value.map(decoded) : value;
}

/** The text of Lua's errors differs between its versions; the code does not. */
function wording(error: string): string {
  return error.replace(/(?<=user_script:\d+: (?:attempt|bad argument)).*/, "");
}

/** Returns each command with its answer, starting from empty keys. */
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
  ])("the embedded store answers any %s sent to %s like redis-server", async (_, path, command) => {
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

  test.each([
    [
      "what a consumer reads again",
      "XREADGROUP GROUP g c STREAMS a > / XDEL a 1-1 / XREADGROUP GROUP g c COUNT 2 STREAMS a 0 / XPENDING a g - + 10",
    ],
    [
      "what is claimed after that",
      "XREADGROUP GROUP g c STREAMS a > / XREADGROUP GROUP g c STREAMS a 1-1 / XAUTOCLAIM a g d 0 0 COUNT 2 / XPENDING a g - + 10",
    ],
    [
      "options in another order",
      "XADD a MAXLEN 2 NOMKSTREAM 9-1 f v / XADD b MAXLEN 2 NOMKSTREAM 9-1 f v / XLEN a / EXISTS b / XADD a NOMKSTREAM NOMKSTREAM 9-2 f v / XADD a MAXLEN 2 MINID 1 9-3 f v / XADD a MAXLEN 2 MAXLEN 1 9-4 f v / XTRIM a MAXLEN 2 MINID 9",
    ],
    ["half an option", "XTRIM a MAXLEN ~ 0 LIMIT / XTRIM a MAXLEN ~ 0 LIMIT x"],
    [
      "ids and words that only a group may use",
      "XREAD STREAMS a > / XREAD NOACK STREAMS a 0 / XREAD GROUP g c STREAMS a 0 / XREADGROUP GROUP g c STREAMS a $",
    ],
    [
      "the last id of a millisecond",
      "XADD a 5-18446744073709551615 f v / XADD a 5-* f v / XADD a 6-* f v / XLEN a",
    ],
    [
      "messages and questions about who gets them",
      "PUBLISH a x / PUBLISH c x / PUBLISH hb x / PUBLISH d x / PUBLISH a / PUBSUB NUMSUB a b c / PUBSUB NUMPAT / PUBSUB numpat x / PUBSUB CHANNELS a* / PUBSUB CHANNELS a b / PUBSUB SHARDNUMSUB a / PUBSUB",
    ],
  ])("the embedded store answers like redis-server to %s", async (_, text) => {
    const begun = ["1-1", "2-1", "3-1"].map((id) => ["XADD", "a", id, "f", id]);
    const more = text.split(" / ").map((command) => command.split(" "));
    const sent = [...begun, ["XGROUP", "CREATE", "a", "g", "0"], ...more];
    expect(await answersOf(embedded, "/pipeline", sent)).toEqual(
      await answersOf(real, "/pipeline", sent),
    );
  });
});
