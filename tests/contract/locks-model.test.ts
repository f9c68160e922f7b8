import fc from "fast-check";
import { expect, test } from "vitest";
import type { Lock, Locks } from "#lib/lock/locks";
import { onEachStore } from "../support/on-each-store.ts";
import { makeTools } from "../support/tools.ts";

/** The locks that callers received, as the model has them. */
interface Handle {
  readonly key: string;
  isLost: boolean;
  isReleased: boolean;
}

interface Model {
  /** The holder of each key: the index of a handle. */
  readonly held: Map<string, number>;
  readonly handles: Handle[];
  readonly fences: Map<string, number>;
}

interface Real {
  /** Two instances, used in turn. */
  next(): Locks;
  readonly locks: Lock[];
  /** Ends a key as its TTL would. */
  end(key: string): Promise<void>;
}

type Step = fc.AsyncCommand<Model, Real>;

const acquiring = (key: string): Step => ({
  check: () => true,
  async run({ held, handles, fences }, real) {
    const lock = await real.next().tryAcquire(key, { ttl: 600 });
    expect(lock === null).toBe(held.has(key));
    if (!lock) return;
    expect(lock.fence).toBeGreaterThan(fences.get(key) ?? 0);
    fences.set(key, lock.fence);
    held.set(key, handles.length);
    handles.push({ key, isLost: false, isReleased: false });
    real.locks.push(lock);
  },
  toString: () => `acquire(${key})`,
});

/** Uses one of the handles that callers received. */
const withHandle = (
  name: string,
  pick: number,
  run: (model: Model, at: number, lock: Lock) => Promise<void>,
): Step => ({
  check: ({ handles }) => handles.length > 0,
  async run(model, real) {
    const at = pick % model.handles.length;
    const lock = real.locks[at];
    if (!lock) throw new Error("There must be one for each.");
    await run(model, at, lock);
  },
  toString: () => `${name}(#${pick})`,
});

const extending = (pick: number) =>
  withHandle("extend", pick, async ({ held, handles }, at, lock) => {
    const handle = handles[at];
    if (!handle) throw new Error("There must be one.");
    const isOver = handle.isLost || handle.isReleased;
    const isHeld = held.get(handle.key) === at;
    expect(await lock.extend("20 minutes")).toBe(!isOver && isHeld);
    if (!isOver && !isHeld) handle.isLost = true;
    expect(lock.signal.aborted).toBe(handle.isLost);
  });

const releasing = (pick: number) =>
  withHandle("release", pick, async ({ held, handles }, at, lock) => {
    const handle = handles[at];
    if (!handle) throw new Error("There must be one.");
    const isHeld = held.get(handle.key) === at;
    if (isHeld) held.delete(handle.key);
    const isFirst = !handle.isReleased;
    handle.isReleased = true;
    const isFreed = await lock.release();
    // A second release returns the result of the first.
    expect(isFreed && isFirst).toBe(isHeld && !handle.isLost);
  });

const ending = (key: string): Step => ({
  check: ({ held }) => held.has(key),
  async run({ held }, real) {
    held.delete(key);
    await real.end(key);
    expect(held.has(key)).toBe(false);
  },
  toString: () => `end(${key})`,
});

const key = fc.constantFrom("a", "b");
const steps = [
  key.map(acquiring),
  fc.nat(30).map(extending),
  fc.nat(30).map(releasing),
  key.map(ending),
];

onEachStore("held locks on $name", (store) => {
  test("held locks match the model through any sequence of acquires, extensions, releases and expiries", async () => {
    const property = fc.asyncProperty(
      fc.commands(steps, { maxCommands: 50, size: "max" }),
      async (commands) => {
        const { locks, again, redis, keys, keyedHash } = makeTools(store);
        const instances = [locks, again().locks];
        const real: Real = {
          next() {
            instances.reverse();
            return instances[0] ?? locks;
          },
          locks: [],
          async end(name) {
            await redis.pexpire(keys.lock(keyedHash("lock", name)), 0);
          },
        };
        const model: Model = { held: new Map(), handles: [], fences: new Map() };
        try {
          await fc.asyncModelRun(() => ({ model, real }), commands);
        } finally {
          // Otherwise each lock would be renewed for minutes.
          await Promise.all(real.locks.map((lock) => lock.release()));
        }
      },
    );
    await expect(fc.assert(property, { numRuns: 100 })).resolves.toBeUndefined();
  });
});
