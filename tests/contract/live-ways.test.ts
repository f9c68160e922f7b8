import { describe, expect, test } from "vitest";
import { connectTcp } from "#lib/gateway/direct";
import { upstashLimits } from "#lib/upstash";
import {
  clientEntry,
  removeEntries,
  SEARCH,
  startLiveGate,
  type Starting,
  writeEntries,
} from "../support/live-gate.ts";
import { liveStore } from "../support/live-store.ts";
import { scope } from "../support/scope.ts";

const store = liveStore();
const cleanUp = scope();

/** Connects to the store by TCP; the connection closes with the test. */
const connect: NonNullable<NonNullable<Starting<typeof SEARCH>["settings"]>["connect"]> = (about) =>
  cleanUp(connectTcp({ redisUrl: store.store.redis.url, ...about }), (it) => it.close()).requester;

const OTHER = { ip: "198.51.100.7" };

describe.each<[string, Omit<Starting<typeof SEARCH>, "policy">]>([
  ["by REST", {}],
  ["by REST, with joined calls", { env: { HEADGATE_JOIN: "1" } }],
  [
    "by REST, counted through @upstash/ratelimit's class",
    { settings: { limitStore: upstashLimits } },
  ],
  ["by TCP", { settings: { connect } }],
  [
    "by TCP, counted through @upstash/ratelimit's class",
    { settings: { connect, limitStore: upstashLimits } },
  ],
])("an instance whose store is reached %s", (_, starting) => {
  test("an instance follows blocks and overrides, and reads the version in the call of a check", async () => {
    const instance = startLiveGate(store.store, { policy: SEARCH, ...starting });
    await instance.send(OTHER);
    await writeEntries(store.direct, instance.gate, {
      block: { kind: "block", network: "203.0.113.0/24" },
      more: {
        kind: "override",
        rule: "search",
        to: 5,
        ...clientEntry(instance.gate, "user", "ada"),
      },
    });
    instance.pass(2000);
    instance.calls.length = 0;
    expect(await instance.statuses(2)).toEqual([200, 403]);
    const [first, ...others] = instance.calls;
    expect([first?.at(-1), ...others.map((names) => names.join(" "))]).toEqual([
      "GET",
      "TIME HSCAN",
    ]);
    const ada = { user: "ada", ...OTHER };
    expect(await instance.statuses(6, ada)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(await instance.statuses(3, OTHER)).toEqual([200, 200, 429]);

    await removeEntries(store.direct, instance.gate, "block", "more");
    instance.pass(2000);
    await instance.send({ ...OTHER, path: "/without-a-rule" });
    expect((await instance.send()).status).toBe(200);
    expect((await instance.send(ada)).status).toBe(429);
    expect(instance.events.filter(({ kind }) => kind === "failure")).toEqual([]);
  });
});
