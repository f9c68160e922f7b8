import { describe, expect, test } from "vitest";
import { definePolicy } from "#lib/policy/define";
import {
  clientEntry,
  IDENTITIES,
  newNamespace,
  removeEntries,
  startLiveGate,
  writeEntries,
} from "../support/live-gate.ts";
import { liveStore } from "../support/live-store.ts";

const store = liveStore();

const NETWORK = { kind: "block", network: "203.0.113.0/24" };
const OTHER = { ip: "198.51.100.7" };

describe("two instances under load", () => {
  /** Sends batches of concurrent requests; each batch starts when the work after the last one is done. */
  const AT_ONCE = 4;
  const BATCHES = 300;

  test("a change holds on each of two instances from its second request two seconds after the change", async () => {
    const policy = definePolicy({
      rules: { all: { match: "/api/:path*", limits: { ip: "1000000 per day" } } },
    });
    const namespace = newNamespace();
    const instances = [0, 1].map(() => startLiveGate(store.store, { policy, namespace }));
    const [first] = instances as [(typeof instances)[0]];
    let isBlocked = false;
    /** Milliseconds since the change, and the batches that started two seconds after it. */
    const seen = instances.map(() => ({ elapsed: 0, late: 0, checked: 0 }));
    for (let batch = 0; batch < BATCHES; batch += 1) {
      if (batch % 30 === 29) {
        isBlocked = !isBlocked;
        await (isBlocked
          ? writeEntries(store.direct, first.gate, { one: NETWORK })
          : removeEntries(store.direct, first.gate, "one"));
        for (const each of seen) Object.assign(each, { elapsed: 0, late: 0 });
      }
      const path = batch % 3 === 0 ? "/without-a-rule" : "/api/search";
      for (const [i, instance] of instances.entries()) {
        const at = seen[i] as (typeof seen)[0];
        const ms = 100 + ((batch * 7 + i * 3) % 5) * 60;
        instance.pass(ms);
        at.elapsed += ms;
        if (at.elapsed >= 2000) at.late += 1;
      }
      const statuses = await Promise.all(
        instances.map((instance) =>
          Promise.all(
            Array.from({ length: AT_ONCE }, async () => (await instance.send({ path })).status),
          ),
        ),
      );
      for (const [i, of] of statuses.entries()) {
        const at = seen[i] as (typeof seen)[0];
        if (at.late < 2) continue;
        expect([batch, of]).toEqual([batch, of.map(() => (isBlocked ? 403 : 200))]);
        at.checked += of.length;
      }
    }
    for (const { checked } of seen) expect(checked).toBeGreaterThan(600);
  });
});

describe("10,000 entries", () => {
  test("10,000 entries are loaded in pages, each within the deadline, and hold", async () => {
    const instance = startLiveGate(store.store, {
      policy: definePolicy({
        identities: IDENTITIES,
        rules: { search: { match: "/api/search", limits: { user: "3 per day" } } },
      }),
      env: { HEADGATE_STORE_DEADLINE_MS: "500" },
    });
    const entries = Array.from({ length: 10_000 }, (_, i) => {
      const user = clientEntry(instance.gate, "user", `user-${i}`);
      const kinds = [
        { kind: "block", network: `10.${i >> 8}.${i & 255}.0/24` },
        { kind: "override", rule: "search", to: "unlimited", ...user },
        { kind: "block", ...user },
      ];
      return [`entry-${i}`, kinds[i % 3] as object] as const;
    });
    await writeEntries(store.direct, instance.gate, Object.fromEntries(entries));
    await instance.send(OTHER);
    const loaded = instance.calls.filter((names) => names.includes("HSCAN"));
    expect(loaded.length).toBeGreaterThan(5);
    expect((await instance.send({ ip: "10.39.15.9" })).status).toBe(403);
    expect((await instance.send({ user: "user-9998" })).status).toBe(403);
    expect(await instance.statuses(4, { user: "user-9997" })).toEqual([200, 200, 200, 200]);
    expect(await instance.statuses(4, { user: "ada" })).toEqual([200, 200, 200, 429]);
    expect(instance.events.filter(({ kind }) => kind === "failure")).toEqual([]);
  });
});
