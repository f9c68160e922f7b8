import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Store } from "#lib/gateway/store/store";
import type { Charge } from "#lib/limit/charge";
import { forgetLimits, readLimits } from "#lib/limit/stores/reading";
import { RedisLimits } from "#lib/limit/stores/redis";
import { scriptStoreOver } from "#lib/redis/script-store";
import { chargesOf } from "../support/limit-stores.ts";
import { freshKeys, gaps, offsets, rule, START } from "../support/limit-walks.ts";
import { Model } from "../support/model.ts";
import { asText, type RunningStore, STORES_AND_CLUSTER } from "../support/stores.ts";
import { timedRequester } from "../support/timed-redis.ts";

const rules = fc.array(rule, { minLength: 1, maxLength: 3 });
/** Steps of the clock, also backward. */
const steps = fc.array(fc.double({ min: -1.2, max: 1.2, noNaN: true }), {
  minLength: 3,
  maxLength: 15,
});

describe.each(STORES_AND_CLUSTER)("on $name, limits that are read", (kind) => {
  const clock = { now: 0 };
  let running: RunningStore;
  let store: Store;
  beforeAll(async () => {
    running = await kind.start();
    store = await running.open();
  });
  afterAll(async () => {
    await store?.close();
    await running?.stop();
  });

  const redis = () => scriptStoreOver(timedRequester(store, clock), 10_000);

  /** Returns the content of the keys. An expired key is empty before and after a script of the test. */
  const contents = (charges: readonly Charge[]) =>
    Promise.all(
      charges.map(async ({ key }) => {
        const ends = asText(await store.call(["GET", `${key}:ends`]));
        if (ends !== null && clock.now > Number(ends)) return [];
        const log = await store.call(["ZRANGE", key, "0", "-1", "WITHSCORES"]);
        return asText(log instanceof Error ? await store.call(["GET", key]) : log);
      }),
    );

  test("limits that are read match the model, and the next check's decision", async () => {
    const limits = new RedisLimits(redis());
    await fc.assert(
      fc.asyncProperty(rules, gaps, offsets, async (given, walk, offset) => {
        const charges = chargesOf(freshKeys(given.length), given);
        const models = given.map((each) => new Model(each));
        clock.now = START + offset;
        for (const step of walk) {
          clock.now += Math.round(step * (given[0]?.windowMs ?? 0));
          const { now } = clock;
          const before = await contents(charges);
          const read = await readLimits(redis(), charges);
          expect(await contents(charges)).toEqual(before);

          expect(read.map(({ status }) => status.remaining)).toEqual(
            models.map((model) => model.remaining(now)),
          );
          const isAllowed = read.every(({ status }) => status.waitMs === 0);
          expect(isAllowed).toBe(models.every((model) => model.admits(now)));
          const peeked = await limits.peek(charges);

          const checked = await limits.consume(charges);
          expect(checked.every(({ status }) => status.waitMs === 0)).toBe(isAllowed);
          expect(checked.map(({ status }) => status.remaining)).toEqual(
            read.map(({ status, charge }) => status.remaining - (isAllowed ? charge.cost : 0)),
          );
          const [later, sooner] = isAllowed ? [peeked, read] : [checked, read];
          expect(later.map(({ status }) => status)).toEqual(sooner.map(({ status }) => status));
          if (isAllowed) for (const model of models) model.take(now);
        }
      }),
      { numRuns: 25 },
    );
  });

  test("limits that are read are not written when the clock stepped back, and match the next check", async () => {
    const limits = new RedisLimits(redis());
    await fc.assert(
      fc.asyncProperty(rule, steps, offsets, async (given, walk, offset) => {
        const charges = chargesOf(freshKeys(1), [given]);
        clock.now = START + offset;
        for (const step of walk) {
          clock.now += Math.round(step * given.windowMs);
          const before = await contents(charges);
          const [read] = await readLimits(redis(), charges);
          expect(await contents(charges)).toEqual(before);
          const [peeked] = await limits.peek(charges);
          expect(read?.status).toEqual(peeked?.status);
          await limits.consume(charges);
        }
      }),
      { numRuns: 25 },
    );
  });

  test("limits that are read have the used capacity when the limit was lowered, or has another algorithm", async () => {
    const [key = ""] = freshKeys(1);
    const limits = new RedisLimits(redis());
    clock.now = START;
    const minute = { windowMs: 60_000 };
    const given = chargesOf(
      [key],
      [{ ...minute, limit: 10, cost: 7, algorithm: "sliding-window" }],
    );
    await limits.consume(given);
    const now = chargesOf([key], [{ ...minute, limit: 3, cost: 1, algorithm: "token-bucket" }]);
    const [read] = await readLimits(redis(), now);
    expect(read).toMatchObject({ used: 7, status: { remaining: 0 } });
  });

  test("limits are deleted only with their keys", async () => {
    const limits = new RedisLimits(redis());
    clock.now = START;
    const one = { limit: 5, windowMs: 60_000, cost: 1, algorithm: "sliding-log" } as const;
    const [mine, other, unused] = chargesOf(["mine{1}", "other{2}", "unused{3}"], [one, one, one]);
    if (!mine || !other || !unused) throw new Error("There must be three charges.");
    await limits.consume([mine]);
    await limits.consume([other]);
    expect(await forgetLimits(redis(), [mine, unused])).toEqual([mine]);
    const [freed, kept] = await readLimits(redis(), [mine, other]);
    expect([freed?.used, kept?.used]).toEqual([0, 1]);
  });
});

test("an answer that the script cannot have returned is rejected", async () => {
  const evalsha = async () => undefined;
  const pipeline = () => ({ eval: evalsha, evalsha, exec: async () => [{ result: [1, "x"] }] });
  const redis = { deadlineMs: 1000, eval: evalsha, evalsha, pipeline };
  const charges = chargesOf(
    ["a"],
    [{ limit: 5, windowMs: 60_000, cost: 1, algorithm: "token-bucket" }],
  );
  await expect(readLimits(redis, charges)).rejects.toMatchObject({ code: "STORE_BAD_ANSWER" });
  await expect(forgetLimits(redis, charges)).rejects.toMatchObject({ code: "STORE_BAD_ANSWER" });
});
