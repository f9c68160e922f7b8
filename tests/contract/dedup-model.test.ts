import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dedup } from "#lib/dedup/dedup";
import { serve, type ServedStore } from "../support/served.ts";
import { STORES_AND_CLUSTER } from "../support/stores.ts";
import { makeTools } from "../support/tools.ts";

/** The state of a key; undefined when it does not exist. */
interface Held {
  readonly isDone: boolean;
  readonly owner: string;
  readonly payload: string;
  readonly result: unknown;
}

/** The tokens that callers received, as the model has them. */
interface Ticket {
  readonly key: string;
  readonly owner: string;
  readonly payload: string;
  readonly hasLease: boolean;
}

interface Model {
  readonly held: Map<string, Held>;
  readonly tickets: Ticket[];
}

interface Real {
  /** Two instances, used in turn. */
  next(): Dedup;
  readonly tokens: Parameters<Dedup["commit"]>[0][];
  /** Ends a key as its TTL would. */
  end(key: string): Promise<void>;
}

type Step = fc.AsyncCommand<Model, Real>;

const LEASE = 600;
const WINDOW = 3600;

function claiming(key: string, owner: string, payload: string, hasLease: boolean): Step {
  return {
    check: () => true,
    async run({ held, tickets }, real) {
      const expected = claimed(held.get(key), { owner, payload, hasLease });
      const claim = await real.next().claim(key, {
        window: WINDOW,
        owner,
        ...(payload && { payload }),
        ...(hasLease && { lease: LEASE }),
      });
      expect(claim).toMatchObject(expected);
      if (claim.state !== "first") return;
      const isNew = !held.has(key);
      const isDoneNow = held.get(key)?.isDone === false && !hasLease;
      if (isNew || isDoneNow) {
        const is = payload || (held.get(key)?.payload ?? "");
        held.set(key, { isDone: !hasLease, owner, payload: is, result: undefined });
      }
      tickets.push({ key, owner, payload, hasLease });
      real.tokens.push(claim.token);
    },
    toString: () => `claim(${key}, ${owner}, "${payload}", ${hasLease})`,
  };
}

function claimed(held: Held | undefined, by: Omit<Ticket, "key">) {
  if (!held) return { state: "first", isCertain: true };
  if (by.payload !== "" && by.payload !== held.payload) return { state: "other-payload" };
  const isOwn = held.owner === by.owner;
  if (isOwn && (!held.isDone || !by.hasLease)) return { state: "first", isCertain: true };
  return held.isDone
    ? { state: "duplicate", result: held.result }
    : { state: "in-progress", isCertain: true };
}

function committing(pick: number, result: number | undefined): Step {
  return {
    check: ({ tickets }) => tickets.length > 0,
    async run({ held, tickets }, real) {
      const at = pick % tickets.length;
      const ticket = tickets[at];
      const token = real.tokens[at];
      if (!ticket || !token) throw new Error("There must be one for each.");
      if (!ticket.hasLease && result !== undefined) {
        await expect(real.next().commit(token, result)).rejects.toThrow(/no lease/);
        return;
      }
      const now = held.get(ticket.key);
      const isOwn = !now || now.owner === ticket.owner;
      if (!now?.isDone && isOwn) {
        const is = now?.payload ?? ticket.payload;
        held.set(ticket.key, { ...ticket, payload: is, isDone: true, result });
      }
      expect(await real.next().commit(token, result)).toBe(isOwn);
    },
    toString: () => `commit(#${pick}, ${result})`,
  };
}

function releasing(pick: number): Step {
  return {
    check: ({ tickets }) => tickets.length > 0,
    async run({ held, tickets }, real) {
      const at = pick % tickets.length;
      const ticket = tickets[at];
      const token = real.tokens[at];
      if (!ticket || !token) throw new Error("There must be one for each.");
      const now = held.get(ticket.key);
      const isFreed = now?.owner === ticket.owner && now.isDone === !ticket.hasLease;
      if (isFreed) held.delete(ticket.key);
      expect(await real.next().release(token)).toBe(isFreed);
    },
    toString: () => `release(#${pick})`,
  };
}

function ending(key: string): Step {
  return {
    check: ({ held }) => held.has(key),
    async run({ held }, real) {
      held.delete(key);
      await real.end(key);
      expect(held.has(key)).toBe(false);
    },
    toString: () => `end(${key})`,
  };
}

const key = fc.constantFrom("a", "b", "c");
const owner = fc.constantFrom("x", "y", "z");
const payload = fc.constantFrom("", "", "p", "q");
const result = fc.constantFrom(undefined, 1, 2);

const steps = [
  fc.tuple(key, owner, payload, fc.boolean()).map((given) => claiming(...given)),
  fc.tuple(key, owner, payload, fc.constant(true)).map((given) => claiming(...given)),
  fc.tuple(fc.nat(50), result).map((given) => committing(...given)),
  fc.nat(50).map(releasing),
  key.map(ending),
];

describe.each(STORES_AND_CLUSTER)("claims on $name", (kind) => {
  let store: ServedStore;
  beforeAll(async () => {
    store = await serve(kind);
  });
  afterAll(() => store?.stop());

  test("claims match the model through any sequence of claims, commits, releases and expiries", async () => {
    const property = fc.asyncProperty(
      fc.commands(steps, { maxCommands: 60, size: "max" }),
      async (commands) => {
        const { dedup, again, redis, keys, keyedHash } = makeTools(store);
        const instances = [dedup, again().dedup];
        const real: Real = {
          next() {
            instances.reverse();
            return instances[0] ?? dedup;
          },
          tokens: [],
          async end(name) {
            await redis.pexpire(keys.event(keyedHash("event", name)), 0);
          },
        };
        await fc.asyncModelRun(
          () => ({ model: { held: new Map(), tickets: [] } as Model, real }),
          commands,
        );
      },
    );
    await expect(fc.assert(property, { numRuns: 100 })).resolves.toBeUndefined();
  });
});
