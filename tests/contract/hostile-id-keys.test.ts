import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLimits } from "#lib/limits";
import { createRedis } from "#lib/redis/client";
import { type Ids, policy, RULES } from "../support/identity-rules.ts";
import { gateOptions } from "../support/options.ts";
import { makeTools } from "../support/tools.ts";

/** Few characters, so that two texts often differ by the place where one part ends. */
const PARTS = [
  ["a", "b", ":", "*", "{", "}", "|", "+", ",", "[", "]", '"', "\\", "/"],
  ["\0", "\r\n", "ip", "user", "user\0", "\u00e9", "e\u0301", "👩‍🚒"],
  ["\ud83d", "\ude92", "\ud83e", "\ufffd"],
].flat();

const parts = fc.array(fc.constantFrom(...PARTS), { maxLength: 4 });

/** Two texts that are equal, differ by a part, or have no relation. */
const pair = fc
  .tuple(parts, parts, fc.nat(3), fc.constantFrom("same", "near", "any"))
  .map(([one, other, at, how]) => {
    if (how === "any") return [one, other];
    return [one, how === "same" ? one : one.toSpliced(at, 1, ...other.slice(0, 1))];
  })
  .map((texts) => texts.map((text) => text.join("")));

/** Spellings of addresses, and the client that each names. */
const ADDRESSES = new Map([
  ["203.0.113.9", "a"],
  ["::ffff:203.0.113.9", "a"],
  ["::FFFF:cb00:7109", "a"],
  ["203.0.113.9:8080", "a"],
  [" 203.0.113.9 ", "a"],
  ["203.0.113.90", "b"],
  ["2001:db8:1:2::1", "c"],
  ["[2001:DB8:0001:2:ffff::]:443", "c"],
  ["2001:db8:1:2:3:4:5:6%eth0", "c"],
  ["2001:db8:1:3::1", "d"],
  ["nonsense", "no address"],
  ["{203.0.113.9}", "no address"],
  ["203.0.113.9,203.0.113.90", "no address"],
]);

const address = fc.constantFrom(...ADDRESSES.keys());

interface Counted {
  readonly rule: (typeof RULES)[number];
  readonly ids: Ids;
}

/** Two clients, whose ids are often each other's. */
const twoCounted = fc
  .record({
    rules: fc.tuple(fc.constantFrom(...RULES), fc.constantFrom(...RULES), fc.boolean()),
    users: pair,
    accounts: pair,
    addresses: fc.tuple(address, address),
    swapped: fc.boolean(),
  })
  .map(({ rules: [rule, another, isAnother], users, accounts, addresses, swapped }) => {
    const idsOf = (i: number) => ({
      ...(users[i] !== "*" && { user: users[i] ?? "" }),
      ...(accounts[i] !== "*" && { account: accounts[i] ?? "" }),
      ip: addresses[i] ?? "",
    });
    const one = idsOf(0);
    const { user = "", account = "", ip } = idsOf(1);
    const other = swapped
      ? { user: one.account ?? "", account: one.user ?? "", ip }
      : { user, account, ip };
    return [
      { rule, ids: one },
      { rule: isAnother ? another : rule, ids: other },
    ] as const satisfies Counted[];
  });

/** Returns the client that each limit of a rule counts, as text that differs between clients. */
function clientsIn({ rule, ids: { user, account, ip = "" } }: Counted): unknown[] {
  const address = ["ip", ADDRESSES.get(ip)];
  const byUser = user ? ["user", user] : undefined;
  const byAccount = account ? ["account", account] : undefined;
  const both = byUser || byAccount ? [byUser ?? address, byAccount ?? address] : address;
  const limits = {
    user: [byUser ?? address],
    either: [byUser ?? byAccount ?? address],
    both: [both],
    here: [byUser ? [address, byUser] : address],
    address: [address],
    everyone: ["everyone"],
    several: [byAccount ?? address, both, address],
  };
  return limits[rule].map((client, i) => [rule, i, client]);
}

/** The separators that a careless key would have between two parts. */
const BETWEEN = [":", ",", "|", "+", "\0", " ", "/", '","', '"],["account","', ":7:"];

describe("keys", () => {
  /** An instance that records the keys of each call, without its namespace, and answers for the store. */
  function instance() {
    let keys: string[] = [];
    const send: typeof fetch = async (_, init) => {
      const body = typeof init?.body === "string" ? init.body : "[]";
      const [name, first = "", count, ...rest] = JSON.parse(body) as string[];
      const isScript = name === "evalsha";
      keys = (isScript ? rest.slice(0, Number(count)) : [first]).map((key) =>
        key.slice(key.indexOf(":")),
      );
      return Response.json({ result: isScript ? [1, 1, ...keys.flatMap(() => [1, 0, 0])] : "OK" });
    };
    const store = { url: "http://store.invalid", token: "a-token-of-no-store" };
    const redis = createRedis({ ...store, fetch: send });
    const limits = createLimits(policy, { ...gateOptions(store).options, redis });
    const { dedup, locks } = makeTools(store, send);
    const noting =
      <Args extends readonly unknown[]>(call: (...args: Args) => Promise<unknown>) =>
      async (...args: Args) => {
        await call(...args);
        return keys;
      };
    return {
      limit: noting(({ rule, ids }: Counted) => limits.limit(rule, ids)),
      check: noting((name: string) => limits.checkRateLimit(name, 1, 1000)),
      event: noting((name: string) => dedup.claim(name, { window: 1 })),
      lock: noting((name: string) => locks.acquireLock(name, 1)),
    };
  }

  test("keys are the same for the same client on every instance, and differ between clients", async () => {
    const [here, there] = [instance(), instance()];
    await fc.assert(
      fc.asyncProperty(twoCounted, async ([one, other]) => {
        const [keys, others] = [await here.limit(one), await there.limit(other)];
        expect(await there.limit(one)).toEqual(keys);
        const [clients, otherClients] = [clientsIn(one), clientsIn(other)].map((counted) =>
          counted.map((client) => JSON.stringify(client)),
        );
        const isSame = keys.map((key) => others.map((another) => another === key));
        expect(isSame).toEqual(
          clients?.map((client) => otherClients?.map((another) => another === client)),
        );
      }),
      { numRuns: 3000 },
    );
  });

  test("keys of a combination differ by the place where one part ends, whatever the separator", async () => {
    const { limit } = instance();
    const between = fc.constantFrom(...BETWEEN.flatMap((it) => [it, `${it}account${it}`]));
    const text = parts.map((list) => list.join(""));
    await fc.assert(
      fc.asyncProperty(text, text, text, between, async (a, b, c, it) => {
        const keyOf = async (user: string, account: string) =>
          (await limit({ rule: "both", ids: { user, account, ip: "203.0.113.9" } }))[0];
        const [early, late] = [[a, b + it + c] as const, [a + it + b, c] as const];
        expect((await keyOf(...early)) === (await keyOf(...late))).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(["check", "event", "lock"] as const)(
    "keys of %s belong to one text each",
    async (tool) => {
      const [here, there] = [instance()[tool], instance()[tool]];
      await fc.assert(
        fc.asyncProperty(pair, async ([one = "", other = ""]) => {
          // Empty text is not a key.
          fc.pre(one !== "" && other !== "");
          expect((await here(one))[0] === (await there(other))[0]).toBe(one === other);
        }),
        { numRuns: 1000 },
      );
    },
  );
});
