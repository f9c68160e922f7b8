import { expect, test } from "vitest";
import { StoreError } from "#lib/redis/errors";
import { NOON, snapshotStore } from "../../support/snapshots.ts";

const redis = snapshotStore();

test("a store that fails is down, with its code, and the numbers stay with their age", async () => {
  const snapshots = redis.snapshots();
  redis.hashes = {
    totals: ["decisions_total search allowed", 1],
    [`minutes:${NOON}`]: ["0 search allowed", 1],
  };
  const readAt = redis.now;
  await snapshots.take(false);
  redis.failure = new StoreError("STORE_TIMEOUT", "late");
  redis.now += 2_000;
  const snapshot = await snapshots.take(false);
  expect(snapshot.store).toMatchObject({
    state: "down",
    reason: "STORE_TIMEOUT",
    breaker: "closed",
  });
  expect(snapshot.store.roundTripMs).toBeUndefined();
  expect([snapshot.readAt, snapshot.sentAt - readAt]).toEqual([readAt, 2_000]);
  expect(snapshot.rules[0]?.lastHour.allowed).toBe(1);
  redis.failure = undefined;
  redis.now += 1_000;
  expect((await snapshots.take(false)).store.state).toBe("ok");
});

test("a snapshot shows an open breaker with the failure that opened it", async () => {
  redis.failure = new StoreError("STORE_NOT_TRIED", "not sent", {
    cause: new StoreError("STORE_UNREACHABLE", "down"),
  });
  const { store, readAt } = await redis.snapshots().take(false);
  expect(store).toMatchObject({ state: "down", reason: "STORE_UNREACHABLE", breaker: "open" });
  expect(readAt).toBeNull();
});

test("a store that answers but accepts no write is down", async () => {
  redis.probeError = new StoreError("STORE_OUT_OF_MEMORY", "full");
  const { store } = await redis.snapshots().take(false);
  expect(store).toMatchObject({ state: "down", reason: "STORE_OUT_OF_MEMORY" });
});

test.each([
  ["failed calls", ["0 (store) ok", 9, "0 (store) failed", 1], "failed-calls"],
  ["a p95 above 50 ms", ["0 (store) ok", 9, "0 (store) le 0.1", 9], "slow-calls"],
])("a store is degraded by %s", async (_, minutes, reason) => {
  redis.hashes[`minutes:${NOON}`] = minutes;
  expect((await redis.snapshots().take(false)).store).toMatchObject({ state: "degraded", reason });
});
