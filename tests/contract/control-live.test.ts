import { afterEach, describe, expect, test, vi } from "vitest";
import { createControl } from "#lib/control";
import { live } from "#lib/live";
import type { HeadgateEvent } from "#lib/core/events";
import { controlledGate, newNamespace, sendThrough } from "../support/controlled.ts";
import { liveStore } from "../support/live-store.ts";
import { later } from "../support/monotonic.ts";

const store = liveStore();

const TERMS = { for: "2h", reason: "a flood", by: "ada" };
const OLD = "an old secret of the tests, long enough";
const NEW = "a new secret of the tests, long enough";

afterEach(() => {
  vi.restoreAllMocks();
});

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
