import { expect, test } from "vitest";
import { fencedScript } from "#lib/lock/locks";
import { liveStore } from "../support/live-store.ts";
import { makeTools } from "../support/tools.ts";
import { takeTurns } from "./lock-soak.ts";

const live = liveStore();

// Killed and stopped workers hold up the others for whole TTLs, and longer on a busy machine.
const SOAK = { timeout: 300_000 };

test(
  "of 200 sections by 20 workers, some stopped and some killed, none is overwritten by an older holder",
  SOAK,
  async ({ signal }) => {
    const options = { sections: 200, processes: 4, workers: 5, signal };
    const { entered, stops, kills, overwritten } = await takeTurns(live.store, options);
    expect(entered).toBeGreaterThanOrEqual(200);
    expect(stops + kills).toBeGreaterThan(3);
    expect(overwritten).toBe(0);
  },
);

test("a holder that was paused beyond its TTL overwrites an unguarded key, and no guarded key", async () => {
  const { locks, again, redis, keys } = makeTools(live.store);
  const [plain, guarded] = [keys.app("plain", "a"), keys.app("guarded", "a")];
  const write = fencedScript(`return redis.call("SET", KEYS[1], ARGV[1], "PX", 60000)`);
  const away = await locks.acquire("section", { ttl: 0.2, maxHold: 0.1 });
  const next = await again().locks.acquire("section");
  await redis.set(plain, "next");
  await locks.fencedRun(next, write, [guarded], ["next"]);
  // The paused holder continues, and writes.
  await redis.set(plain, "away");
  const rejected = await locks.fencedRun(away, write, [guarded], ["away"]);
  expect(rejected).toEqual({ ran: false, reason: "fence-is-old" });
  expect([await redis.get(plain), await redis.get(guarded)]).toEqual(["away", "next"]);
  await next.release();
});
