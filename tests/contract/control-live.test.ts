import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createControl } from "#lib/control";
import { readEntry } from "#lib/control/entry";
import { controlKeys } from "#lib/control/keys";
import { live } from "#lib/live";
import type { HeadgateEvent } from "#lib/core/events";
import { inspectClient, resetClient } from "#lib/inspect";
import { controlledGate, newNamespace, sendThrough, writeRaw } from "../support/controlled.ts";
import { liveStore } from "../support/live-store.ts";

const store = liveStore();

const TERMS = { for: "2h", reason: "a flood", by: "ada" };
const OLD = "an old secret of the tests, long enough";
const NEW = "a new secret of the tests, long enough";

afterEach(() => {
  vi.restoreAllMocks();
});

function inOrder(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** Moves the monotonic clock forward: an instance reads the document's version every two seconds. */
function later(ms: number): void {
  const real = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => real() + ms);
}

describe("an entry that is set", () => {
  test("an entry holds on another instance from its second request on, until it is removed", async () => {
    const gate = controlledGate(store.store, { live });
    const admin = createControl(controlledGate(store.store, { namespace: gate.options.namespace }));
    await admin.block({ ip: "203.0.113.7" }, TERMS);
    const { id } = await admin.override({ rule: "search", to: 1 }, TERMS);
    const statuses = [];
    for (const ip of ["203.0.113.7", "203.0.113.7", "192.0.2.1", "192.0.2.1"]) {
      statuses.push((await sendThrough(gate, ip)).status);
    }
    expect(statuses).toEqual([200, 403, 200, 429]);
    await admin.remove(id, { by: "ada" });
    later(2500);
    await sendThrough(gate, "192.0.2.2");
    expect((await sendThrough(gate, "192.0.2.1")).status).toBe(200);
  });

  test("an entry of an earlier secret holds while HEADGATE_SECRET_PREVIOUS has that secret, and not without", async () => {
    const namespace = newNamespace();
    const before = createControl(controlledGate(store.store, { namespace, secret: OLD }));
    const { id } = await before.block({ identity: "user", value: "ada" }, TERMS);
    await before.override({ rule: "search", to: "unlimited", client: { ip: "192.0.2.1" } }, TERMS);
    const rotated = controlledGate(store.store, {
      namespace,
      secret: NEW,
      previousSecret: OLD,
      live,
    });
    await sendThrough(rotated, "192.0.2.2");
    expect((await sendThrough(rotated, "192.0.2.2", "/", { "x-user": "ada" })).status).toBe(403);
    const statuses = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await sendThrough(rotated, "192.0.2.1")).status);
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect((await createControl(rotated).list()).map(({ isUsable }) => isUsable)).toEqual([
      true,
      true,
    ]);

    const events: HeadgateEvent[] = [];
    const strange = controlledGate(store.store, {
      namespace,
      secret: NEW,
      live,
      onEvent: (event) => void events.push(event),
    });
    await sendThrough(strange, "192.0.2.2");
    expect((await sendThrough(strange, "192.0.2.2", "/", { "x-user": "ada" })).status).toBe(200);
    expect((await createControl(strange).list()).map(({ isUsable }) => isUsable)).toEqual([
      false,
      false,
    ]);
    const told = events.flatMap((event) => (event.kind === "failure" ? event : []));
    expect(told).toMatchObject([{ during: "control", error: { code: "CONTROL_BAD_ENTRY" } }]);
    expect(String(told[0]?.error)).toContain(id);
    expect(String(told[0]?.error)).toContain("(2)");
    // A change loads the document again, and an entry is not reported twice.
    await createControl(strange).mode("enforce", TERMS);
    later(2500);
    await sendThrough(strange, "192.0.2.3");
    await sendThrough(strange, "192.0.2.3");
    expect(events.filter(({ kind }) => kind === "failure")).toHaveLength(1);
  });

  test("an entry replaces the entry of an earlier secret for the same client", async () => {
    const namespace = newNamespace();
    const before = createControl(controlledGate(store.store, { namespace, secret: OLD }));
    const old = await before.allow({ ip: "192.0.2.1" }, TERMS);
    await before.override({ rule: "search", to: 9, client: { ip: "192.0.2.1" } }, TERMS);
    const after = createControl(
      controlledGate(store.store, { namespace, secret: NEW, previousSecret: OLD }),
    );
    const block = await after.block({ ip: "192.0.2.1" }, TERMS);
    const override = await after.override(
      { rule: "search", to: 1, client: { ip: "192.0.2.1" } },
      TERMS,
    );
    expect((await after.list()).map(({ id }) => id)).toEqual([block.id, override.id]);
    expect((await after.log()).map(({ action, id }) => [action, id])).toContainEqual([
      "remove",
      old.id,
    ]);
  });
});

describe("a reset", () => {
  test.each(["/api/search", "/fast"])(
    "a reset on %s reaches instances that remember a denial",
    async (path) => {
      const calls: string[] = [];
      const gate = controlledGate(store.store, {
        live,
        onEvent: (event) => {
          if (event.kind === "store") calls.push(event.command);
        },
      });
      const admin = controlledGate(store.store, { namespace: gate.options.namespace, live });
      const ip = "203.0.113.7";
      let status = 200;
      for (let i = 0; i < 25 && status === 200; i += 1) {
        ({ status } = await sendThrough(gate, ip, path));
      }
      expect(status).toBe(429);
      calls.length = 0;
      expect((await sendThrough(gate, ip, path)).status).toBe(429);
      expect(calls).toEqual([]);
      const { freed } = await resetClient(admin, { ip, reason: "a mistake", by: "eve" });
      expect(freed.length).toBeGreaterThan(0);
      later(2500);
      expect((await sendThrough(gate, ip, path)).status).toBe(429);
      expect((await sendThrough(gate, ip, path)).status).toBe(200);
      const control = createControl(admin);
      expect(await control.log()).toMatchObject([
        { action: "reset", setting: null, until: null, reason: "a mistake", by: "eve" },
      ]);
      expect(await control.list()).toEqual([]);
    },
  );

  test("a reset writes no entry when the gate does not follow the control document", async () => {
    const gate = controlledGate(store.store);
    await sendThrough(gate, "203.0.113.7");
    await resetClient(gate, { ip: "203.0.113.7" });
    expect(await store.direct.keys(`${gate.options.namespace}:{control}:*`)).toEqual([]);
  });

  test("a reset of more keys than one entry may hold makes several entries that can be read", async () => {
    const rules = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [
        `rule-${i}-${"x".repeat(40)}`,
        { limits: { ip: "5 per day" } },
      ]),
    );
    const gate = controlledGate(store.store, { live }, { rules });
    await resetClient(gate, { ip: "203.0.113.7" });
    const held = await store.direct.hgetall(controlKeys(gate.keys).entries);
    const read = Object.values(held).map((text) => readEntry(text));
    const keys = read.flatMap((entry) => (entry?.kind === "reset" ? entry.keys : []));
    expect(new Set(keys).size).toBe(400);
    expect(read.length).toBeGreaterThan(1);
    expect(await createControl(gate).log()).toHaveLength(1);
  });

  test.each([{ reason: "" }, { by: "a\nb" }])(
    "a reset with %j is rejected before it deletes keys",
    async (more) => {
      const gate = controlledGate(store.store);
      await gate.limits.limit("login", { ip: "203.0.113.7", account: "shop" });
      const pending = resetClient(gate, { ip: "203.0.113.7", ...more });
      await expect(pending).rejects.toMatchObject({ code: "CONTROL_BAD_ARGUMENT" });
      const { rules } = await inspectClient(gate, { ip: "203.0.113.7", rule: "login" });
      expect(rules[0]?.limits[0]?.used).toBe(2);
    },
  );
});

describe("a document that anything may have written", () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record(
        {
          kind: fc.constantFrom("block", "allow", "override", "mode", "reset", "__proto__"),
          until: fc.oneof(fc.integer(), fc.double(), fc.constant(8.64e15), fc.string()),
          network: fc.oneof(fc.string(), fc.constantFrom("0.0.0.0/0", "::/0", "203.0.113.0/33")),
          rule: fc.oneof(fc.constantFrom("search", "__proto__", ""), fc.string()),
          limit: fc.anything(),
          to: fc.oneof(fc.constantFrom("2x", "unlimited", "1e9x"), fc.double(), fc.string()),
          mode: fc.constantFrom("off", "shadow", "constructor"),
          client: fc.oneof(fc.constant("a".repeat(22)), fc.string()),
          secret: fc.string(),
          keys: fc.array(fc.oneof(fc.string(), fc.integer())),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  );

  test("reading an arbitrary entry never throws", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const entry = readEntry(text);
        expect(entry === undefined || Number.isSafeInteger(entry.until)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    for (const value of [undefined, null, 7, {}, [], "null", "[]", "7"]) {
      expect(readEntry(value)).toBeUndefined();
    }
  });

  test("a bad entry does not disable good entries, and is reported once and listed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 15 }), async (texts) => {
        const bad = texts.filter((text) => readEntry(text) === undefined);
        const events: HeadgateEvent[] = [];
        const gate = controlledGate(store.store, {
          live,
          onEvent: (event) => void events.push(event),
        });
        const control = createControl(gate);
        const { id } = await control.block({ ip: "203.0.113.0/24" }, TERMS);
        await writeRaw(gate, Object.fromEntries(bad.map((text, i) => [`bad ${i}`, text])));
        await writeRaw(gate, { "bad too": "no JSON" });
        await store.direct.hset(controlKeys(gate.keys).notes, id, "[", "bad too", "7");
        await sendThrough(gate, "203.0.113.7");
        expect((await sendThrough(gate, "203.0.113.7")).status).toBe(403);
        const names = ["bad too", ...bad.map((_, i) => `bad ${i}`)].toSorted(inOrder);
        const told = events.flatMap((event) =>
          event.kind === "failure" ? String(event.error) : [],
        );
        expect(told).toHaveLength(1);
        expect(told[0]).toContain(`(${names.length})`);
        const listed = await control.list();
        const unreadable = listed.filter(({ kind }) => kind === "unreadable");
        expect(unreadable.map((entry) => entry.id).toSorted(inOrder)).toEqual(names);
        expect(unreadable.every(({ isUsable }) => !isUsable)).toBe(true);
        expect(listed).toContainEqual(expect.objectContaining({ id, kind: "block", reason: "" }));
        expect(await control.remove("bad too", { by: "eve" })).toMatchObject({
          kind: "unreadable",
        });
        await store.direct.xadd(controlKeys(gate.keys).log, "*", "action", "set", "entry", "{");
        await store.direct.xadd(controlKeys(gate.keys).log, "*", "strange", "yes");
        expect((await control.log()).map(({ action }) => action)).toEqual(["set", "remove", "set"]);
        const { listed: found } = await inspectClient(gate, { ip: "203.0.113.7" });
        expect(found).toEqual({ id, list: "block", reason: "" });
      }),
      { numRuns: 5 },
    );
  });
});
