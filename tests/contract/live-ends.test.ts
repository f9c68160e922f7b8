import { afterEach, describe, expect, test, vi } from "vitest";
import { newNamespace, SEARCH, startLiveGate, writeEntries } from "../support/live-gate.ts";
import { liveStore } from "../support/live-store.ts";

const store = liveStore();

const start = (namespace = newNamespace()) =>
  startLiveGate(store.store, { policy: SEARCH, namespace });

const write = (instance: ReturnType<typeof start>, entries: Record<string, object>) =>
  writeEntries(store.direct, instance.gate, entries);

const NETWORK = { kind: "block", network: "203.0.113.0/24" };
const OTHER = { ip: "198.51.100.7" };

describe("an entry", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("an entry ends after 30 days, whatever end another program wrote", async () => {
    const instance = start();
    const until = Date.now() + 60 * 86_400_000;
    await writeEntries(store.direct, instance.gate, { one: { ...NETWORK, until } });
    expect(await instance.statuses(2)).toEqual([200, 403]);
    instance.pass(29 * 86_400_000);
    expect(await instance.statuses(1)).toEqual([403]);
    instance.pass(2 * 86_400_000);
    expect(await instance.statuses(1)).toEqual([200]);
  });

  test("an entry ends without a reload", async () => {
    const instance = start();
    const until = Date.now() + 60_000;
    await write(instance, {
      block: { ...NETWORK, until },
      mode: { kind: "mode", rule: "search", mode: "off", until: until + 60_000 },
    });
    await instance.send(OTHER);
    expect((await instance.send()).status).toBe(403);
    instance.pass(61_000);
    instance.calls.length = 0;
    expect(await instance.statuses(5)).toEqual([200, 200, 200, 200, 200]);
    instance.pass(60_000);
    expect(await instance.statuses(4)).toEqual([200, 200, 200, 429]);
    expect(instance.calls.flat()).not.toContain("HSCAN");
  });

  test("an entry ends by Redis's clock when the clock of the instance is wrong", async () => {
    const until = Date.now() + 60_000;
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2020-01-01") });
    const instance = start();
    await write(instance, { one: { ...NETWORK, until }, two: { ...NETWORK, until: Date.now() } });
    await instance.send(OTHER);
    expect((await instance.send()).status).toBe(403);
    instance.pass(61_000);
    expect((await instance.send()).status).toBe(200);
  });

  test("an expired entry is ignored and not reported", async () => {
    const instance = start();
    await write(instance, {
      one: { ...NETWORK, until: Date.now() - 1000 },
      two: { kind: "block", client: "a".repeat(22), secret: "of-other", until: 1 },
    });
    expect(await instance.statuses(2)).toEqual([200, 200]);
    expect(instance.events.filter(({ kind }) => kind === "failure")).toEqual([]);
  });

  test("a reset entry frees a client on another instance, which remembers its denial", async () => {
    const namespace = newNamespace();
    const instance = start(namespace);
    expect(await instance.statuses(5)).toEqual([200, 200, 200, 429, 429]);
    const keys = await store.direct.keys(`${namespace}:*`);
    await store.direct.del(...keys);
    instance.pass(1900);
    expect((await instance.send()).status).toBe(429);
    await write(instance, { one: { kind: "reset", keys } });
    instance.pass(2000);
    expect(await instance.statuses(2)).toEqual([429, 200]);
    expect(await instance.statuses(4)).toEqual([200, 200, 429, 429]);
    // The same reset is not repeated when the document is loaded for another change.
    await write(instance, { two: { kind: "block", network: "198.51.100.0/24" } });
    instance.pass(2000);
    instance.calls.length = 0;
    expect(await instance.statuses(2)).toEqual([429, 429]);
    expect(instance.calls).toEqual([["GET"], ["TIME", "HSCAN"]]);
  });
});
