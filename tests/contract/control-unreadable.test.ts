import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createControl } from "#lib/control";
import { readEntry } from "#lib/control/entry";
import { controlKeys } from "#lib/control/keys";
import { live } from "#lib/live";
import type { HeadgateEvent } from "#lib/core/events";
import { inspectClient } from "#lib/inspect";
import { controlledGate, sendThrough, writeRaw } from "../support/controlled.ts";
import { liveStore } from "../support/live-store.ts";

const store = liveStore();

const TERMS = { for: "2h", reason: "a flood", by: "ada" };

function inOrder(a: string, b: string): number {
  return a < b ? -1 : 1;
}

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
        // Another instance makes the changes, so that this one reads the document's version first now.
        const admin = controlledGate(store.store, { namespace: gate.options.namespace });
        const control = createControl(admin);
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
