import { test } from "vitest";
import type { EachStore } from "../../support/on-each-store.ts";
import { during, LEASE, leasedPairs, STEADY, THEIRS, WINDOW } from "./leases.ts";

/** Tests that once renews the claim of work that takes longer than its lease. */
export function testOnce(store: EachStore): void {
  const pair = leasedPairs(store);

  type Tools = Awaited<ReturnType<typeof pair>>;
  const stateFor =
    ({ other }: Pick<Tools, "other">) =>
    async () => {
      const { ran, ...outcome } = await other.once("job", { window: WINDOW }, async () => 2);
      return ran ? "ran" : "reason" in outcome && outcome.reason;
    };

  test("work that takes twice its lease runs once on two instances", async ({ expect }) => {
    const { one, other } = await pair();
    const options = { lease: STEADY, window: WINDOW, keepResult: true };
    const done = await one.dedup.once("job", options, () =>
      during(2 * STEADY, stateFor({ other })),
    );
    expect(done).toEqual({
      ran: true,
      value: ["in-progress"],
      isCertain: true,
      isCommitted: true,
    });
    expect(await stateFor({ other })()).toBe("duplicate");
    expect(one.failures).toEqual([]);
  });

  test("a claim is renewed no longer than maxHold, and an event reports that", async ({
    expect,
  }) => {
    const { one, other } = await pair();
    const began = performance.now();
    const options = { lease: STEADY, maxHold: 2 * STEADY, window: WINDOW };
    const done = await one.dedup.once("job", options, async () => {
      await expect.poll(stateFor({ other }), { interval: 20 }).toBe("ran");
      return performance.now() - began;
    });
    expect(done).toMatchObject({ ran: true, isCommitted: false });
    expect(done.ran && done.value).toBeGreaterThanOrEqual(2 * STEADY * 1000);
    expect(one.failures).toEqual(["dedup-lost"]);
  });

  test("a claim that another caller has taken over is reported in an event, and the work continues", async ({
    expect,
  }) => {
    const { one, other, nameOf, redis } = await pair();
    const theirs = { lease: 30, window: WINDOW };
    const done = await one.dedup.once("job", { lease: LEASE, window: WINDOW }, async () => {
      await redis.del(nameOf("job"));
      await other.claim("job", theirs);
      await expect.poll(() => one.failures).toEqual(["dedup-lost"]);
      return "done";
    });
    expect(done).toEqual({ ran: true, value: "done", isCertain: true, isCommitted: false });
    expect(await store.pttl(nameOf("job"))).toBeGreaterThan(10_000);
  });

  test("a store that is unavailable for longer than the lease is reported once, and the work continues", async ({
    expect,
  }) => {
    const { one, network, recover } = await pair();
    const done = await one.dedup.once("job", { lease: LEASE, window: WINDOW }, async () => {
      network.isUnavailable = true;
      await expect.poll(() => one.failures).toEqual(["dedup-lost"]);
      await recover(expect);
      return "done";
    });
    // No other caller has claimed it meanwhile.
    expect(done).toMatchObject({ ran: true, value: "done", isCommitted: true });
    expect(one.failures.filter((what) => what === "dedup-lost")).toHaveLength(1);
  });

  test("a claim survives a store that is unavailable for a part of the lease", async ({
    expect,
  }) => {
    const { one, other, network, nameOf } = await pair();
    const done = await one.dedup.once("job", { lease: STEADY, window: WINDOW }, async () => {
      network.isUnavailable = true;
      const before = network.calls;
      await expect.poll(() => network.calls, { interval: 20 }).toBeGreaterThan(before);
      network.isUnavailable = false;
      const left = () => store.pttl(nameOf("job"));
      await expect.poll(left, { interval: 20 }).toBeGreaterThan((STEADY - 0.4) * 1000);
      return stateFor({ other })();
    });
    expect(done).toMatchObject({ value: "in-progress", isCommitted: true });
    expect(one.failures).toEqual([]);
  });

  test.for<[string, () => Promise<string>]>([
    ["returns", async () => "done"],
    ["throws", () => Promise.reject(new Error("It failed."))],
  ])(
    "a claim is renewed while its work runs, and no more when its work %s",
    async ([, end], { expect }) => {
      const { one, other, network, nameOf } = await pair();
      const options = { lease: STEADY, window: 0.2 };
      const work = async () => {
        const before = network.calls;
        await expect.poll(() => network.calls).toBeGreaterThan(before);
        return end();
      };
      await one.dedup.once("job", options, work).catch(() => {});
      const { calls } = network;
      await expect.poll(() => store.pttl(nameOf("job"))).toBe(-2);
      await other.claim("job", { lease: THEIRS, window: WINDOW });
      await expect.poll(() => store.pttl(nameOf("job"))).toBe(-2);
      expect([network.calls, one.failures]).toEqual([calls, []]);
    },
  );

  test("a claim can be extended only by its owner, and not when its lease has ended", async ({
    expect,
  }) => {
    const { one, other, nameOf } = await pair();
    const claim = await one.dedup.claim("job", { lease: STEADY, window: WINDOW });
    if (claim.state !== "first") throw new Error("It was claimed before.");
    expect(await other.extend(claim.token, "20 seconds")).toBe(true);
    expect(await store.pttl(nameOf("job"))).toBeGreaterThan(10_000);
    expect(await other.extend({ ...claim.token, owner: "another" }, 60)).toBe(false);
    expect(await store.pttl(nameOf("job"))).toBeLessThanOrEqual(20_000);
    expect(await one.dedup.extend(claim.token)).toBe(true);
    expect(await store.pttl(nameOf("job"))).toBeLessThanOrEqual(STEADY * 1000);
    await expect.poll(() => store.pttl(nameOf("job"))).toBe(-2);
    expect(await one.dedup.extend(claim.token)).toBe(false);
    expect(await one.dedup.commit(claim.token)).toBe(true);
    expect(await one.dedup.extend(claim.token)).toBe(true);
    expect(await store.pttl(nameOf("job"))).toBeGreaterThan(100_000);
    const refused = { code: "DEDUP_BAD_ARGUMENT" };
    await expect(one.dedup.extend({ ...claim.token, lease: 0 })).rejects.toMatchObject(refused);
    await expect(one.dedup.extend(claim.token, "soon")).rejects.toMatchObject(refused);
  });

  test("an invalid maxHold throws before the claim", async ({ expect }) => {
    const { one, network } = await pair();
    const options = { maxHold: "soon", window: WINDOW };
    await expect(one.dedup.once("job", options, async () => 1)).rejects.toMatchObject({
      code: "DEDUP_BAD_ARGUMENT",
      message: expect.stringContaining("maxHold"),
    });
    expect(network.calls).toBe(0);
  });
}
