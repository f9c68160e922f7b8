import { describe, expect, test } from "vitest";
import { definePolicy } from "#lib/policy/define";
import {
  clientEntry,
  IDENTITIES,
  type LiveGate,
  startLiveGate,
  writeEntries,
} from "../support/live-gate.ts";
import { liveStore } from "../support/live-store.ts";

const store = liveStore();

const policy = definePolicy({
  identities: IDENTITIES,
  allow: { "198.51.100.0/24": "our own offices" },
  block: { "192.0.2.0/24": "attacks of last year" },
  exempt: { "/exempt": "costs nothing" },
  rules: {
    search: { match: "/api/search", limits: { ip: "1 per day" } },
    users: { match: "/users", limits: { user: "1 per day" } },
  },
});

type Instance = LiveGate<typeof policy>;

/** Starts an instance that has loaded the entries. */
async function startWith(entries: (instance: Instance) => Readonly<Record<string, object>>) {
  const instance = startLiveGate(store.store, { policy });
  await writeEntries(store.direct, instance.gate, entries(instance));
  await instance.send({ path: "/without-a-rule", ip: "203.0.113.99" });
  instance.calls.length = 0;
  return instance;
}

const NETWORK = { network: "203.0.113.0/24" };

describe("block and allow entries of a client", () => {
  test("an entry that is set while the app runs wins over the policy", async () => {
    const instance = await startWith(() => ({
      office: { kind: "block", network: "198.51.100.7/32" },
      attacker: { kind: "allow", network: "192.0.2.7/32" },
    }));
    expect(await instance.statuses(2, { ip: "198.51.100.7" })).toEqual([403, 403]);
    expect(await instance.statuses(2, { ip: "198.51.100.8" })).toEqual([200, 200]);
    expect(await instance.statuses(2, { ip: "192.0.2.7" })).toEqual([200, 200]);
    expect(await instance.statuses(2, { ip: "192.0.2.8" })).toEqual([403, 403]);
    expect(instance.calls).toEqual([]);
  });

  test("an allow entry wins over block entries, whatever each of them names", async () => {
    const instance = await startWith(({ gate }) => ({
      network: { kind: "block", ...NETWORK },
      address: { kind: "block", ...clientEntry(gate, "ip", "203.0.113.7") },
      ada: { kind: "allow", ...clientEntry(gate, "user", "ada") },
    }));
    expect(await instance.statuses(2, { user: "ada" })).toEqual([200, 200]);
    expect((await instance.send({ user: "bob" })).status).toBe(403);
  });

  test("two entries of one client both hold, each until it ends", async () => {
    const until = Date.now() + 60_000;
    const instance = await startWith(({ gate }) => {
      const { identity: _, ...key } = clientEntry(gate, "ip", "203.0.113.7");
      return {
        allowed: { kind: "allow", ...clientEntry(gate, "ip", "203.0.113.7"), until },
        blocked: { kind: "block", ...key },
      };
    });
    expect(await instance.statuses(2)).toEqual([200, 200]);
    instance.pass(61_000);
    expect(await instance.statuses(2)).toEqual([403, 403]);
  });

  test("a client that is named only by its key is found when a limit counts that key", async () => {
    const instance = await startWith(({ gate }) => {
      const { identity: _, ...key } = clientEntry(gate, "user", "ada");
      return { ada: { kind: "block", ...key } };
    });
    expect((await instance.send({ user: "ada", path: "/users" })).status).toBe(403);
    expect((await instance.send({ user: "ada" })).status).toBe(200);
  });

  test("an address that is named only by its key is blocked on every path", async () => {
    const instance = await startWith(({ gate }) => {
      const { identity: _, ...key } = clientEntry(gate, "ip", "203.0.113.7");
      return { one: { kind: "block", ...key } };
    });
    for (const path of ["/api/search", "/users", "/exempt", "/without-a-rule"]) {
      expect([path, (await instance.send({ path })).status]).toEqual([path, 403]);
      const other = await instance.send({ path, ip: "203.0.113.8" });
      expect([path, other.status]).toEqual([path, 200]);
    }
  });

  test("a blocked user is blocked on every path, by an identity that no rule there counts", async () => {
    const instance = await startWith(({ gate }) => ({
      ada: { kind: "block", ...clientEntry(gate, "user", "ada") },
    }));
    for (const path of ["/api/search", "/exempt", "/without-a-rule"]) {
      expect([path, (await instance.send({ user: "ada", path })).status]).toEqual([path, 403]);
      expect([path, (await instance.send({ user: "bob", path })).status]).toEqual([path, 200]);
    }
  });
});
