import { describe, expect, test } from "vitest";
import { ADD_COUNTS } from "#lib/observe/counts-script";
import { createRequester } from "#lib/redis/requester";
import type { Requester } from "#lib/redis/upstash-protocol";
import { runScript } from "#lib/redis/script";
import { createScriptStore } from "#lib/redis/script-store";
import { countingGate, keptCounts, ownNamespace } from "../support/counters.ts";
import { liveStore } from "../support/live-store.ts";
import { losingResponses } from "../support/lost-responses.ts";
import { scope } from "../support/scope.ts";

const live = liveStore();
const cleanUp = scope();

const decisions = (rule: string, outcome: string) => `decisions_total ${rule} ${outcome}`;

describe("a write that fails", () => {
  /** Makes a connection whose counter calls `fetch` answers. */
  const by = (given: typeof fetch): { connect: () => Requester } => ({
    connect: () => createRequester({ ...live.store, deadlineMs: 10_000, fetch: given }),
  });

  test("a write that fails throws no error, and is sent again with the next window", async () => {
    const namespace = ownNamespace();
    let isDown = false;
    const flaky: typeof fetch = (...call) =>
      isDown ? Promise.reject(new TypeError("fetch failed")) : fetch(...call);
    const { send } = countingGate(live.store, namespace, by(flaky));
    isDown = true;
    expect((await send("/api/x")).status).toBe(200);
    expect((await keptCounts(live.direct, namespace)).totals).toEqual({});
    isDown = false;
    await send("/api/x");
    const { totals } = await keptCounts(live.direct, namespace);
    expect(totals).toMatchObject({
      [decisions("api", "degraded")]: "1",
      [decisions("api", "allowed")]: "1",
      "store_calls_total failed": "1",
      "store_errors_total STORE_UNREACHABLE": "1",
    });
  });

  test("a write counts once when Redis has run it and its answer was lost", async () => {
    const namespace = ownNamespace();
    // Redis has cached the script in the tests above, so call 2 is the first write.
    await countingGate(live.store, ownNamespace()).send("/api/x");
    const { send } = countingGate(live.store, namespace, by(losingResponses((call) => call === 2)));
    await send("/api/x");
    const lost = (await keptCounts(live.direct, namespace)).totals;
    expect(lost[decisions("api", "allowed")]).toBe("1");
    await send("/api/x");
    const { totals } = await keptCounts(live.direct, namespace);
    expect(totals[decisions("api", "allowed")]).toBe("2");
    expect(totals["store_calls_total ok"]).toBe("2");
  });
});

test("a late copy of an earlier write does not let a later write count twice", async () => {
  const namespace = ownNamespace();
  const [writer, totals] = [`{${namespace}}:writer`, `{${namespace}}:totals`];
  const redis = createScriptStore({ ...live.store, deadlineMs: 10_000 });
  const write = (number: number) =>
    runScript(redis, ADD_COUNTS, [writer, totals], [number, 60, "changed", "hash", 60, 1, "n", 1]);
  for (const number of [1, 2, 1, 2]) await write(number);
  expect(await live.direct.hgetall(totals)).toEqual({ n: "2" });
});

test("each write is published on a channel of the namespace", async () => {
  const namespace = ownNamespace();
  const listener = cleanUp(live.direct.duplicate(), (it) => it.disconnect());
  const announced: string[] = [];
  listener.on("message", (channel, number) => announced.push(`${channel} ${number}`));
  await listener.subscribe(`${namespace}:{counters}:changed`);
  const { send } = countingGate(live.store, namespace);
  await send("/api/x");
  await send("/api/x");
  const channel = `${namespace}:{counters}:changed`;
  await expect.poll(() => announced).toEqual([`${channel} 1`, `${channel} 2`]);
});

test("counters work for a user without permission to publish", async () => {
  const namespace = ownNamespace();
  await live.direct.call("ACL", "SETUSER", "default", "-publish");
  try {
    await countingGate(live.store, namespace).send("/api/x");
    const { totals } = await keptCounts(live.direct, namespace);
    expect(totals[decisions("api", "allowed")]).toBe("1");
  } finally {
    await live.direct.call("ACL", "SETUSER", "default", "+publish");
  }
});
