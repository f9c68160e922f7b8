import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BoundedMap } from "#lib/core/bounded-map";

type Step = readonly [does: "get" | "set" | "delete", key: number];

const step = fc.tuple(
  fc.constantFrom<Step[0]>("get", "set", "set", "delete"),
  fc.integer({ min: 0, max: 12 }),
);
const steps = fc.array(step, { maxLength: 200 });
const most = fc.integer({ min: 2, max: 10 });

/** Runs steps on a map, and in parallel on a list of all entries in the order of their last use. */
function run(size: number, given: readonly Step[]) {
  const map = new BoundedMap<number, string>(size);
  const used = new Map<number, string>();
  for (const [i, [does, key]] of given.entries()) {
    if (does === "delete") {
      map.delete(key);
      used.delete(key);
      continue;
    }
    const value = does === "set" ? `${key}, set ${i}` : map.get(key);
    if (does === "set") map.set(key, String(value));
    if (value === undefined) continue;
    used.delete(key);
    used.set(key, value);
  }
  return { map, used };
}

describe("a bounded map", () => {
  test("a bounded map returns the last value of a key, or undefined", () => {
    fc.assert(
      fc.property(most, steps, (size, given) => {
        const { map, used } = run(size, given);
        for (let key = 0; key <= 12; key += 1) {
          expect([undefined, used.get(key)]).toContain(map.get(key));
        }
      }),
    );
  });

  test("a bounded map keeps at least the last used keys, half as many as its size", () => {
    fc.assert(
      fc.property(most, steps, (size, given) => {
        const withoutDeletions = given.filter(([does]) => does !== "delete");
        const { map, used } = run(size, withoutDeletions);
        const last = [...used].slice(-Math.floor(size / 2));
        expect([...map.values()]).toEqual(expect.arrayContaining(last.map(([, value]) => value)));
      }),
    );
  });

  test("a bounded map never has more entries than its size, each key once", () => {
    fc.assert(
      fc.property(most, steps, (size, given) => {
        const values = [...run(size, given).map.values()];
        expect(values.length).toBeLessThanOrEqual(size);
        expect(new Set(values).size).toBe(values.length);
      }),
    );
  });

  test("a bounded map of a size above 32 bits keeps many keys", () => {
    const map = new BoundedMap<number, number>(2 ** 33);
    for (let key = 0; key < 10; key += 1) map.set(key, key);
    expect([...map.values()]).toHaveLength(10);
  });

  test("a bounded map deletes a key in both generations", () => {
    const map = new BoundedMap<string, number>(4);
    for (const [i, key] of ["a", "b", "c"].entries()) map.set(key, i);
    expect([map.get("a"), map.get("c")]).toEqual([0, 2]);
    map.delete("a");
    expect(map.get("a")).toBeUndefined();
    expect(new Set(map.values())).toEqual(new Set([1, 2]));
  });
});
