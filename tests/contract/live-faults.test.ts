import fc from "fast-check";
import { Redis as Direct } from "ioredis";
import { afterEach, describe, expect, test } from "vitest";
import { readEntry } from "#lib/control/entry";
import { controlKeys } from "#lib/control/keys";
import { live } from "#lib/control/live";
import { startGateway } from "#lib/gateway/server";
import {
  clientEntry,
  newNamespace,
  requestOf,
  SEARCH,
  startLiveGate,
  writeEntries,
} from "../support/live-gate.ts";
import { liveStore } from "../support/live-store.ts";
import { startStore } from "../support/gateway.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";

const store = liveStore();

type Instance = ReturnType<typeof startLiveGate<typeof SEARCH>>;

/** Returns the codes of the failures of the control document. */
const failuresOf = ({ events }: Instance) =>
  events.flatMap((event) =>
    event.kind === "failure" && event.during === "control"
      ? String((event.error as { code?: unknown }).code)
      : [],
  );

const NETWORK = { kind: "block", network: "203.0.113.0/24" };
const OTHER = { ip: "198.51.100.7" };

describe("while the store is unavailable", () => {
  const cleanUp = scope();

  test("while the store is unavailable the last document holds, and after that the document that Redis has", async () => {
    const own = cleanUp(await startStore(), (it) => it.stop());
    const before = cleanUp(new Direct(own.redis.url), (it) => it.disconnect());
    before.on("error", () => {});
    const instance = startLiveGate(own, {
      policy: SEARCH,
      env: { HEADGATE_STORE_DEADLINE_MS: "2000" },
    });
    await writeEntries(before, instance.gate, { one: NETWORK });
    expect(await instance.statuses(2)).toEqual([200, 403]);
    await own.redis.stop();
    for (let i = 0; i < 10; i += 1) {
      instance.pass(2000);
      expect((await instance.send()).status).toBe(403);
      instance.pass(2000);
      expect((await instance.send(OTHER)).status).toBe(200);
    }
    expect(failuresOf(instance)).not.toEqual([]);
    const again = cleanUp(await startRedis(own.redis.port), (it) => it.stop());
    const direct = cleanUp(new Direct(again.url), (it) => it.disconnect());
    await writeEntries(direct, instance.gate, { two: { kind: "block", network: "192.0.2.0/24" } });
    const isLifted = async () => {
      instance.pass(4000);
      return (await instance.send()).status;
    };
    await expect.poll(isLifted, { timeout: 20_000 }).toBe(200);
    expect((await instance.send({ ip: "192.0.2.1" })).status).toBe(403);
  });

  test("a document that Redis lost means that nothing is set", async () => {
    const own = cleanUp(await startStore(), (it) => it.stop());
    const direct = cleanUp(new Direct(own.redis.url), (it) => it.disconnect());
    const instance = startLiveGate(own, { policy: SEARCH });
    await writeEntries(direct, instance.gate, { one: NETWORK });
    expect(await instance.statuses(2)).toEqual([200, 403]);
    await direct.flushall();
    instance.pass(2000);
    expect(await instance.statuses(2)).toEqual([403, 200]);
    expect(failuresOf(instance)).toEqual([]);
  });
});

describe("a document that cannot be read", () => {
  const cleanUp = scope();

  /** Sends three requests that are allowed, and two of another client after two seconds. */
  const codesOf = async (instance: Instance) => {
    expect(await instance.statuses(4)).toEqual([200, 200, 200, 429]);
    const first = failuresOf(instance);
    instance.pass(2000);
    expect(await instance.statuses(2, OTHER)).toEqual([200, 200]);
    expect(instance.events.some(({ kind }) => kind === "breaker")).toBe(false);
    return [first, failuresOf(instance)];
  };

  test.each(["get", "hscan"])(
    "a document that cannot be read without %s is reported once in two seconds, harms no check, and is read once permitted",
    async (command) => {
      const user = `without-${command}`;
      // Permission is removed for the document's keys only, because scripts of limits call GET too.
      const onDocument = `(~*:{control}:* +@all -${command})`;
      await store.direct.acl(
        "SETUSER",
        user,
        "on",
        ">secret",
        "~*:rate_limit:*",
        "+@all",
        onDocument,
      );
      const redisUrl = store.store.redis.url.replace("redis://", `redis://${user}:secret@`);
      const { token } = store.store;
      const { url } = cleanUp(await startGateway({ redisUrl, token }), (it) => it.close());
      const instance = startLiveGate({ url, token }, { policy: SEARCH });
      await writeEntries(store.direct, instance.gate, { one: NETWORK });
      const code = "STORE_NOT_PERMITTED";
      expect(await codesOf(instance)).toEqual([[code], [code, code]]);
      await store.direct.acl("SETUSER", user, `(~*:{control}:* +${command})`);
      instance.pass(4000);
      await instance.send(OTHER);
      expect((await instance.send()).status).toBe(403);
    },
  );

  test("a document whose key holds another type is reported once in two seconds, and harms no check", async () => {
    const instance = startLiveGate(store.store, { policy: SEARCH });
    await writeEntries(store.direct, instance.gate, {});
    await store.direct.set(controlKeys(instance.gate.keys).entries, "no hash");
    const code = "STORE_REJECTED";
    expect(await codesOf(instance)).toEqual([[code], [code, code]]);
  });
});

describe("a load whose request was lost", () => {
  test("a load without an answer lets other requests load ten seconds later, and its late result is ignored", async () => {
    const held: (() => void)[] = [];
    const instance = startLiveGate(store.store, {
      policy: SEARCH,
      settings: {
        live: (on) =>
          live({
            ...on,
            requester: {
              request: async (pending) => {
                if (held.length === 0) await new Promise<void>((resolve) => held.push(resolve));
                return on.requester.request(pending);
              },
            },
          }),
      },
    });
    await writeEntries(store.direct, instance.gate, { one: NETWORK });
    const work: Promise<unknown>[] = [];
    await instance.gate.middleware(requestOf(OTHER), { waitUntil: (each) => void work.push(each) });
    await expect.poll(() => held).toHaveLength(1);
    instance.pass(9000);
    expect(await instance.statuses(2)).toEqual([200, 200]);
    instance.pass(1000);
    expect(await instance.statuses(2)).toEqual([200, 403]);
    held[0]?.();
    await Promise.all(work);
    expect(await instance.statuses(2)).toEqual([403, 403]);
  });
});

describe("a document that holds anything at all", () => {
  const TEXT = fc.oneof(
    fc.string(),
    fc.constantFrom("search", "user", "ip", "__proto__", "a".repeat(22)),
  );
  const VALUE = fc.oneof(
    TEXT,
    fc.integer(),
    fc.constantFrom(
      null,
      true,
      "2x",
      "0x",
      "99999999x",
      "unlimited",
      "off",
      "::/0",
      "10.0.0.1/8",
      1e300,
    ),
    fc.array(TEXT, { maxLength: 3 }),
    fc.record({ times: fc.double() }),
  );
  const ENTRY = fc.record(
    {
      kind: fc.constantFrom("allow", "block", "override", "mode", "reset", "other", 1),
      until: fc.oneof(fc.constant(Date.now() + 60_000), VALUE),
      network: VALUE,
      rule: VALUE,
      limit: VALUE,
      to: VALUE,
      mode: VALUE,
      identity: VALUE,
      client: VALUE,
      secret: VALUE,
      keys: VALUE,
    },
    { requiredKeys: ["kind", "until"] },
  );
  const FIELD = fc.oneof(
    { weight: 4, arbitrary: ENTRY.map((entry) => JSON.stringify(entry)) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ maxLength: 200 }) },
    fc.constantFrom("", "null", "[]", "{}", '{"__proto__":{"kind":"block"}}', "[".repeat(50_000)),
  );

  const numRuns = 40;
  const namespace = newNamespace();
  afterEach(async () => {
    await store.direct.flushall();
  });

  test("a document with arbitrary content throws nothing, is reported once for each load, and its readable entries hold", async () => {
    let reported = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(FIELD, { maxLength: 30 }), async (fields) => {
        // An entry that switches limits off is readable, and then no list is looked at.
        fc.pre(!fields.map(readEntry).some((entry) => entry?.kind === "mode"));
        await store.direct.flushall();
        const instance = startLiveGate(store.store, { policy: SEARCH, namespace });
        const unread = fields.filter((field) => !readEntry(field)).length;
        const ids = fields.map((field, i) => [`${i}${field.slice(0, 3)}`, field] as const);
        const good = { kind: "allow", network: "192.0.2.0/24" };
        const ofUser = clientEntry(instance.gate, "user", "blocked");
        await writeEntries(store.direct, instance.gate, {
          ...Object.fromEntries(ids),
          good,
          user: { kind: "block", ...ofUser },
        });
        await instance.send({ ...OTHER, path: "/without-a-rule" });
        const { reasons } = await reasonsOf(instance);
        expect(reasons.slice(0, 5)).toEqual(Array(5).fill("allow-listed"));
        const failures = failuresOf(instance);
        // A readable entry may be of another secret: then it is reported all the same.
        const isReported = unread > 0 || failures.length > 0;
        expect(failures).toEqual(isReported ? ["CONTROL_BAD_ENTRY"] : []);
        reported += failures.length;
      }),
      { numRuns },
    );
    expect(reported).toBeGreaterThan(numRuns / 2);
  });

  /** Returns why clients were allowed or denied: five requests of the allowed network, then others. */
  async function reasonsOf(instance: Instance) {
    await instance.gate.limits.limit("search", { ip: "192.0.2.7", user: "ada" });
    const reasons: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const { reason } = await instance.gate.limits.peek("search", { ip: "192.0.2.7" });
      reasons.push(reason);
    }
    for (const sending of [OTHER, { user: "blocked" }, { ip: "2001:db8::1", user: "ada" }]) {
      expect([200, 403, 429]).toContain((await instance.send(sending)).status);
    }
    return { reasons };
  }
});
