import { describe, expect, test } from "vitest";
import { type Control, createControl } from "#lib/control";
import { controlKeys } from "#lib/control/keys";
import { createHeadgate, type GateSettings } from "#lib/create";
import { fromEnv } from "#lib/env";
import { definePolicy } from "#lib/policy/define";
import { liveStore } from "../support/live-store.ts";

const store = liveStore();

const POLICY = definePolicy({
  identities: { user: ({ headers }: Request) => headers.get("x-user") ?? undefined },
  rules: {
    search: { match: "/api/search", limits: { "user|ip": "3 per day" }, headers: "always" },
  },
});

let namespaces = 0;

function gateOn(more: Partial<GateSettings> = {}) {
  namespaces += 1;
  const { missing: _, ...settings } = fromEnv({
    UPSTASH_REDIS_REST_URL: store.store.url,
    UPSTASH_REDIS_REST_TOKEN: store.store.token,
    HEADGATE_SECRET: "a secret of the tests, long enough",
    HEADGATE_NAMESPACE: `control${process.pid}-${namespaces}`,
    HEADGATE_STORE_DEADLINE_MS: "10000",
    CLIENT_IP_FROM: "hops:1",
    NODE_ENV: "production",
  });
  return createHeadgate(POLICY, { ...settings, onEvent: [], ...more });
}

const TERMS = { for: "2h", reason: "a flood", by: "ada" };

describe("the control document", () => {
  test("holds what is set, until it is removed, and logs both", async () => {
    const gate = gateOn();
    const control: Control = createControl(gate);
    const set = [
      await control.block({ ip: "203.0.113.0/24" }, TERMS),
      await control.allow({ identity: "user", value: "bob" }, TERMS),
      await control.override({ rule: "search", to: "2x", client: { ip: "203.0.113.7" } }, TERMS),
      await control.mode("shadow", { ...TERMS, rule: "search" }),
    ];
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
    const removed = await control.remove("network:203.0.113.0/24", { by: "eve" });
    expect(removed).toMatchObject({
      kind: "block",
      client: { network: "203.0.113.0/24" },
      by: "ada",
    });
    expect(await control.remove("network:203.0.113.0/24", { by: "eve" })).toBeUndefined();
    expect((await control.list()).map(({ id }) => id)).not.toContain("network:203.0.113.0/24");
    const log = await control.log();
    expect(log.map(({ action, id, by }) => [action, id, by])).toEqual([
      ["remove", "network:203.0.113.0/24", "eve"],
      ...set.map(({ id }) => ["set", id, "ada"]).toReversed(),
    ]);
    expect((await control.log(1)).map(({ action }) => action)).toEqual(["remove"]);
    const { entries, notes, version, log: logKey } = controlKeys(gate.keys);
    const ttls = await Promise.all(
      [entries, notes, version, logKey].map((key) => store.direct.pttl(key)),
    );
    const days = ttls.map((ms) => Math.ceil(ms / 86_400_000));
    expect(days).toEqual([31, 31, 31, 90]);
  });
});
