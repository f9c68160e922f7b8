import { expect, test } from "vitest";
import { liveStore } from "../support/live-store.ts";
import { claimAtOnce, handleAtRandom, killWorkers } from "./dedup-soak.ts";

const live = liveStore();

test("of 2,000 claims on 200 keys, ten concurrent ones for each key on two instances, 200 are first", async () => {
  expect(await claimAtOnce(live.store, 200)).toBe(200);
});

test("handlers that fail, hang and die lose no event, and count none twice", async () => {
  const { wrong, ...seen } = await handleAtRandom(live.store, 60);
  expect(wrong).toBe(0);
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(0);
});

test("the totals are exact although workers are killed 20 times", async () => {
  const { kills, taken, totalled } = await killWorkers(live.store, 20);
  expect(kills).toBeGreaterThanOrEqual(20);
  expect(taken).toBeGreaterThan(100);
  expect(totalled).toBe(taken);
});
