import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Control, createControl, type ControlEntry } from "#lib/control";
import { controlKeys } from "#lib/control/keys";
import { MOST_ENTRIES } from "#lib/control/entry";
import { serveStore } from "#lib/gateway/server";
import { controlledGate, type ControlledGate, writeRaw } from "../support/controlled.ts";
import { type RunningStore, STORES_AND_CLUSTER } from "../support/stores.ts";

const TERMS = { for: "2h", reason: "a flood", by: "ada" };
const WHY = { reason: TERMS.reason, by: TERMS.by };
const NETWORK = "network:203.0.113.0/24";

/** Returns the hash of entries or of notes, as the store holds it. */
async function fieldsOf(gate: ControlledGate, key: string): Promise<ReadonlyMap<string, string>> {
  const { result } = await gate.requester.request<string[]>({ body: ["HGETALL", key] });
  const fields = result ?? [];
  return new Map(fields.flatMap((field, i) => (i % 2 === 0 ? [[field, fields[i + 1] ?? ""]] : [])));
}

describe.each(STORES_AND_CLUSTER)("the control document on $name", (kind) => {
  let running: RunningStore | undefined;
  let served: Awaited<ReturnType<typeof serveStore>> | undefined;
  beforeAll(async () => {
    running = await kind.start();
    served = await serveStore(await running.open(), { token: "a-token-of-the-tests" });
  }, 60_000);
  afterAll(async () => {
    await served?.close();
    await running?.stop();
  });
  const gateOn = () => controlledGate(served ?? { url: "", token: "" });

  test("the control document holds an entry until it is removed, and the log holds both changes", async () => {
    const gate = gateOn();
    const control: Control = createControl(gate);
    const set = [
      await control.block({ ip: "203.0.113.0/24" }, TERMS),
      await control.allow({ identity: "user", value: "bob" }, TERMS),
      await control.override({ rule: "search", to: "2x", client: { ip: "203.0.113.7" } }, TERMS),
      await control.mode("shadow", { ...TERMS, rule: "search" }),
    ];
    expect(set.map(({ at, until }) => until - at)).toEqual(set.map(() => 7_200_000));
    const listed = (await control.list()).toSorted((a, b) => a.at - b.at);
    expect(listed).toMatchObject(
      set.map((entry) => ({ ...entry, endsInMs: expect.any(Number) as number })),
    );
    expect(listed[0]).toMatchObject({
      kind: "block",
      isUsable: true,
      reason: "a flood",
      by: "ada",
    });
    expect(listed.every(({ endsInMs }) => endsInMs > 7_100_000 && endsInMs <= 7_200_000)).toBe(
      true,
    );
    const removed = await control.remove(NETWORK, { by: "eve", reason: "it is over" });
    expect(removed).toMatchObject({
      kind: "block",
      client: { network: "203.0.113.0/24" },
      by: "ada",
    });
    expect(await control.remove(NETWORK, { by: "eve" })).toBeUndefined();
    expect((await control.list()).map(({ id }) => id)).not.toContain(NETWORK);
    const log = await control.log();
    expect(log.map(({ action, id, by, reason }) => [action, id, by, reason])).toEqual([
      ["remove", NETWORK, "eve", "it is over"],
      ...set.map(({ id }) => ["set", id, "ada", "a flood"]).toReversed(),
    ]);
    expect((await control.log(1)).map(({ action }) => action)).toEqual(["remove"]);
  });

  test("each change sets the version to its position in the log, and the time to live of every key", async () => {
    const gate = gateOn();
    const { entries, notes, version, log } = controlKeys(gate.keys);
    await createControl(gate).mode("off", TERMS);
    const [change] = await createControl(gate).log();
    const { result } = await gate.requester.request<string>({ body: ["GET", version] });
    expect(result).toBe(change?.change);
    const ttls = await Promise.all(
      [entries, notes, version, log].map(
        async (key) => (await gate.requester.request<number>({ body: ["PTTL", key] })).result,
      ),
    );
    expect(ttls.map((ms) => Math.ceil(Number(ms) / 86_400_000))).toEqual([31, 31, 31, 90]);
  });

  test("the same client is either blocked or allowed, whichever name identifies it", async () => {
    const gate = gateOn();
    const control = createControl(gate);
    const key = gate.keyedHash("ip", "2001:db8::/64");
    await control.block({ ip: "2001:db8::7" }, TERMS);
    await control.allow({ ip: "2001:db8::/64" }, TERMS);
    await control.block({ key }, TERMS);
    await control.allow({ ip: "2001:db8::1/128" }, TERMS);
    expect(await control.list()).toMatchObject([{ id: `client:${key}`, kind: "allow" }]);
    await control.block({ ip: "::ffff:203.0.113.7" }, TERMS);
    await control.allow({ ip: "203.0.113.7/32" }, TERMS);
    expect((await control.list()).map(({ kind }) => kind)).toEqual(["allow", "allow"]);
  });

  test("a change deletes expired entries with their notes", async () => {
    const gate = gateOn();
    const keys = controlKeys(gate.keys);
    const ended = JSON.stringify({ until: Date.now() - 1000, kind: "mode", mode: "off" });
    const held = JSON.stringify({ until: Date.now() + 60_000, kind: "mode", mode: "off" });
    await writeRaw(gate, { ended, held });
    await gate.requester.request({ body: ["HSET", keys.notes, "ended", "{}", "held", "{}"] });
    expect((await createControl(gate).list()).map(({ id }) => id)).toEqual(["held"]);
    await createControl(gate).mode("shadow", TERMS);
    expect([...(await fieldsOf(gate, keys.entries)).keys()]).toEqual(["held", "mode"]);
    expect([...(await fieldsOf(gate, keys.notes)).keys()]).toEqual(["held", "mode"]);
  });

  test("a full document accepts only modes as new entries, and its entries can be replaced and removed", async () => {
    const gate = gateOn();
    const control = createControl(gate);
    await control.block({ ip: "203.0.113.0/24" }, TERMS);
    const until = Date.now() + 60_000;
    const text = JSON.stringify({ until, kind: "mode", mode: "off", rule: "api" });
    const others = Array.from({ length: MOST_ENTRIES - 1 }, (_, i) => [`raw ${i}`, text] as const);
    for (let i = 0; i < others.length; i += 500) {
      await writeRaw(gate, Object.fromEntries(others.slice(i, i + 500)));
    }
    const other = { ip: "198.51.100.0/24" };
    await expect(control.block(other, TERMS)).rejects.toMatchObject({ code: "CONTROL_FULL" });
    expect(await control.allow({ ip: "203.0.113.0/24" }, TERMS)).toMatchObject({ kind: "allow" });
    expect(await control.list()).toHaveLength(MOST_ENTRIES);
    await control.remove(NETWORK, { by: "ada" });
    expect(await control.block(other, TERMS)).toMatchObject({ kind: "block" });
    // The switch for an incident must always work.
    expect(await control.mode("off", TERMS)).toMatchObject({ id: "mode" });
    expect(await control.list()).toHaveLength(MOST_ENTRIES + 1);
  });

  test("the log has every change: replaying it gives the document", async () => {
    const client = fc.constantFrom(
      { ip: "203.0.113.7" },
      { ip: "203.0.113.0/24" },
      { identity: "user", value: "ada" },
    );
    type Step = (control: Control) => Promise<unknown>;
    const step = fc.oneof(
      fc.tuple(fc.constantFrom("block", "allow"), client).map(
        ([list, client]): Step =>
          (control) =>
            control[list](client, TERMS),
      ),
      fc.constantFrom("2x", "unlimited").map(
        (to): Step =>
          (control) =>
            control.override({ rule: "search", to }, TERMS),
      ),
      fc.constantFrom("shadow", "off").map(
        (mode): Step =>
          (control) =>
            control.mode(mode, TERMS),
      ),
      fc.nat({ max: 5 }).map((place): Step => async (control) => {
        const { id } = (await control.list())[place] ?? { id: "none" };
        return control.remove(id, { by: "eve" });
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const control = createControl(gateOn());
        for (const each of steps) await each(control);
        const held = new Map<string, unknown>();
        for (const { action, id, setting, until } of (await control.log(1000)).toReversed()) {
          if (action === "set") held.set(id, { id, ...setting, until });
          else held.delete(id);
        }
        const listed = (await control.list()).map((entry) => {
          const { reason, by, at, endsInMs, isUsable, ...set } = entry;
          expect({ reason, by, isUsable }).toEqual({ ...WHY, isUsable: true });
          expect(at).toBeLessThanOrEqual(set.until - endsInMs);
          return set;
        });
        const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);
        expect(listed.toSorted(byId)).toEqual(
          [...held.values()].map((entry) => entry as ControlEntry).toSorted(byId),
        );
      }),
      { numRuns: 8 },
    );
  });
});
