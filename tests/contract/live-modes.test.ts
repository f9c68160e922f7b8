import { describe, expect, test } from "vitest";
import type { GateMode } from "#lib/core/mode";
import { definePolicy } from "#lib/policy/define";
import { type LiveGate, startLiveGate, type Starting, writeEntries } from "../support/live-gate.ts";
import { liveStore } from "../support/live-store.ts";

const store = liveStore();

const policy = definePolicy({
  defaults: { headers: "always" },
  rules: {
    plain: { match: "/plain", limits: { ip: "1 per day" } },
    shadow: { match: "/shadow", mode: "shadow", limits: { ip: "1 per day" } },
    trial: { match: "/trial", mode: "25%", limits: { ip: "1 per day" } },
    wide: { match: "/wide/:path*", limits: { ip: "1 per day" } },
    narrow: { match: "/wide/narrow", replaces: "wide", limits: { ip: "2 per day" } },
    pages: { match: "/pages", limits: { ip: "1 per day" }, prefetch: { times: 1 } },
  },
});

type Entries = Readonly<Record<string, object>>;

/** Starts an instance that has loaded the entries. */
async function startWith(entries: Entries, starting: Partial<Starting<typeof policy>> = {}) {
  const instance = startLiveGate(store.store, { policy, ...starting });
  await writeEntries(store.direct, instance.gate, entries);
  await instance.send({ path: "/without-a-rule", ip: "192.0.2.1" });
  return instance;
}

const modeOf = (rule: string, mode: GateMode): Entries => ({ one: { kind: "mode", rule, mode } });

/** Returns the decision of each rule in shadow, in order. */
const shadowsOf = ({ events }: LiveGate<typeof policy>) =>
  events.flatMap((event) =>
    event.kind === "decision"
      ? event.decision.shadows.map(({ rule, allowed }) => [rule, allowed])
      : [],
  );

describe("the mode of a rule", () => {
  test.each<[string, GateMode, readonly number[]]>([
    ["plain", "off", [200, 200, 200]],
    ["plain", "shadow", [200, 200, 200]],
    ["plain", "enforce", [200, 429, 429]],
    ["shadow", "off", [200, 200, 200]],
    ["shadow", "shadow", [200, 200, 200]],
    ["shadow", "enforce", [200, 429, 429]],
  ])("a rule %s follows the set mode %s", async (rule, mode, statuses) => {
    const instance = await startWith(modeOf(rule, mode));
    expect(await instance.statuses(3, { path: `/${rule}` })).toEqual(statuses);
    const shadows = mode === "shadow" ? [true, false, false].map((is) => [rule, is]) : [];
    expect(shadowsOf(instance)).toEqual(shadows);
  });

  test("a rule with the set mode off makes no call of the store", async () => {
    const instance = await startWith(modeOf("plain", "off"));
    instance.calls.length = 0;
    await instance.statuses(3, { path: "/plain" });
    expect(instance.calls).toEqual([]);
  });

  test.each<[GateMode, readonly number[]]>([
    ["enforce", Array<number>(20).fill(429)],
    ["shadow", Array<number>(20).fill(200)],
    ["off", Array<number>(20).fill(200)],
  ])("a rule on trial with the set mode %s decides for every client", async (mode, second) => {
    const instance = await startWith(modeOf("trial", mode));
    const statuses = [];
    for (let client = 0; client < second.length; client += 1) {
      const of = await instance.statuses(2, { path: "/trial", ip: `203.0.113.${client}` });
      expect(of[0]).toBe(200);
      statuses.push(of[1]);
    }
    expect(statuses).toEqual(second);
  });

  test.each<[string, GateMode, readonly number[]]>([
    // While a rule that replaces another decides nothing, the other rule decides.
    ["narrow", "off", [200, 429, 429]],
    ["narrow", "shadow", [200, 429, 429]],
    ["narrow", "enforce", [200, 200, 429]],
    // The replaced rule decides nothing there, whatever its mode is.
    ["wide", "off", [200, 200, 429]],
    ["wide", "enforce", [200, 200, 429]],
  ])(
    "rules that replace others keep their effect: %s with the mode %s",
    async (rule, mode, statuses) => {
      const instance = await startWith(modeOf(rule, mode));
      expect(await instance.statuses(3, { path: "/wide/narrow" })).toEqual(statuses);
    },
  );

  test("a mode of a rule applies to its prefetches too", async () => {
    const prefetch = { path: "/pages", headers: { "next-router-prefetch": "1" } };
    const off = await startWith(modeOf("pages", "off"));
    expect(await off.statuses(3, prefetch)).toEqual([200, 200, 200]);
    const on = await startWith(modeOf("plain", "off"));
    expect(await on.statuses(3, prefetch)).toEqual([200, 429, 429]);
  });

  test("a mode of a rule holds for handlers too, and ends", async () => {
    const until = Date.now() + 60_000;
    const instance = await startWith({ one: { kind: "mode", rule: "plain", mode: "off", until } });
    const { limits } = instance.gate;
    const reasons = async (times: number) => {
      const found = [];
      for (let i = 0; i < times; i += 1) {
        found.push((await limits.limit("plain", { ip: "203.0.113.7" })).reason);
      }
      return found;
    };
    expect(await reasons(2)).toEqual(["switched-off", "switched-off"]);
    instance.pass(61_000);
    expect(await reasons(2)).toEqual(["within-limit", "over-limit"]);
    expect(await instance.statuses(1, { path: "/plain" })).toEqual([429]);
  });

  test.each<[string, Entries, Readonly<Record<string, string>>]>([
    ["a rule is off", modeOf("plain", "off"), {}],
    ["everything is off", { one: { kind: "mode", mode: "off" } }, {}],
    ["HEADGATE_MODE is off", {}, { HEADGATE_MODE: "off" }],
  ])("when %s, only handlers get an event when the rule is on again", async (_, entries, env) => {
    const instance = await startWith(entries, { env });
    const { limits } = instance.gate;
    const reason = async () => (await limits.limit("plain", { ip: "203.0.113.7" })).reason;
    expect(await reason()).toBe("switched-off");
    await writeEntries(store.direct, instance.gate, { one: { kind: "mode", mode: "enforce" } });
    instance.pass(2000);
    await expect.poll(reason).toBe("within-limit");
  });

  test("when all rules are off, only checkRateLimit gets an event when they are on again", async () => {
    const instance = await startWith({ one: { kind: "mode", mode: "off" } });
    const { limits } = instance.gate;
    const remaining = async () => (await limits.checkRateLimit("job", 100, 60_000)).remaining;
    expect(await remaining()).toBe(100);
    await writeEntries(store.direct, instance.gate, { one: { kind: "mode", mode: "enforce" } });
    instance.pass(2000);
    await expect.poll(remaining).toBeLessThan(100);
  });
});

describe.each<[GateMode]>([["enforce"], ["shadow"], ["off"]])("with HEADGATE_MODE=%s", (own) => {
  const ofAll: Readonly<Record<GateMode, readonly number[]>> = {
    enforce: [403, 200, 429],
    shadow: [200, 200, 200],
    off: [200, 200, 200],
  };

  test.each<[GateMode | undefined]>([["enforce"], ["shadow"], ["off"], [undefined]])(
    "the set mode of all rules, %s, wins over HEADGATE_MODE",
    async (mode) => {
      const instance = await startWith(
        {
          ...(mode && { one: { kind: "mode", mode } }),
          two: { kind: "block", network: "203.0.113.0/24" },
        },
        { env: { HEADGATE_MODE: own } },
      );
      const blocked = await instance.send({ path: "/plain" });
      const others = await instance.statuses(2, { path: "/plain", ip: "198.51.100.7" });
      expect([blocked.status, ...others]).toEqual(ofAll[mode ?? own]);
      const reported = instance.events.flatMap((event) =>
        event.kind === "decision" ? event.decision.reason : [],
      );
      const isOff = (mode ?? own) === "off";
      expect(reported).toEqual(isOff ? [] : ["blocked", "within-limit", "over-limit"]);
    },
  );
});
