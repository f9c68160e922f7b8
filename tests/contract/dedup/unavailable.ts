import { expect, test } from "vitest";
import type { EachStore } from "../../support/on-each-store.ts";
import { dedupPairs } from "../../support/pairs.ts";
import { unavailable } from "../../support/unavailable.ts";
import { LEASED, tokenOf } from "./leased.ts";

/** Tests claims and events while the store is unavailable. */
export function testUnavailable(store: EachStore): void {
  const pair = dedupPairs(store);

  test("with an unavailable store no event is lost, and no error is thrown", async () => {
    const { one, failures } = pair(unavailable);
    expect(await one.shouldTrackEvent("e", 300)).toBe(true);
    const claim = await one.claim("e", LEASED);
    expect(claim).toMatchObject({ state: "first", isCertain: false });
    expect(await one.release(tokenOf(claim))).toBe(false);
    await expect(one.commit(tokenOf(claim))).rejects.toMatchObject({ name: "StoreError" });
    expect(failures).toEqual(["dedup-claim", "dedup-claim", "dedup-release"]);
  });

  test("an unavailable store denies events with onStoreFailure closed, so that none counts twice", async () => {
    const { one } = pair(unavailable);
    const claim = await one.claim("e", { ...LEASED, onStoreFailure: "closed" });
    expect(claim).toEqual({ state: "in-progress", retryAfterMs: 1000, isCertain: false });
  });

  test("with an unavailable store work runs uncertain, or does not run", async () => {
    const { one } = pair(unavailable);
    const ran = await one.once("e", { window: 300 }, async () => 1);
    expect(ran).toEqual({ ran: true, value: 1, isCertain: false, isCommitted: false });
    const closed = { window: 300, onStoreFailure: "closed" } as const;
    const left = await one.once("e", closed, async () => 1);
    expect(left).toEqual({ ran: false, reason: "in-progress", retryAfterMs: 1000 });
  });
}
