import { afterEach, describe, expect, test, vi } from "vitest";
import { createControl } from "#lib/control";
import { readEntry } from "#lib/control/entry";
import { controlKeys } from "#lib/control/keys";
import { live } from "#lib/live";
import { inspectClient, resetClient } from "#lib/inspect";
import { controlledGate, sendThrough } from "../support/controlled.ts";
import { liveStore } from "../support/live-store.ts";
import { later } from "../support/monotonic.ts";

const store = liveStore();

afterEach(() => {
  vi.restoreAllMocks();
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
