import fc from "fast-check";
import { expect, test } from "vitest";
import { Blocks } from "#lib/embedded/blocks";

/** A change to both: its place as a fraction of the length, and its number of items. */
const change = fc.record({
  kind: fc.constantFrom(
    "insert" as const,
    "insert" as const,
    "replace" as const,
    "remove" as const,
  ),
  at: fc.constantFrom(0, 0.1, 0.5, 0.9, 1),
  count: fc.integer({ min: 0, max: 1500 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Changes both, and returns the items that each reports as removed. */
function apply({ kind, at, count }: Change, blocks: Blocks<number>, array: number[]) {
  const place = Math.floor(at * array.length);
  if (kind === "remove") {
    return [blocks.remove(place, place + count), array.splice(place, count)];
  }
  if (kind === "insert") {
    for (let item = 0; item < count; item += 1) {
      blocks.insert(place, item);
      array.splice(place, 0, item);
    }
  } else if (place < array.length) {
    blocks.replace(place, -1);
    array.splice(place, 1, -1);
  }
  return [[], []];
}

test("blocks hold the same items as an array after any changes", () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
      const blocks = new Blocks<number>();
      const array: number[] = [];
      for (const each of changes) {
        const [removed, expected] = apply(each, blocks, array);
        expect(removed).toEqual(expected);
        expect(blocks.length).toBe(array.length);
        expect(blocks.slice()).toEqual(array);
        for (const place of [0, 1, 600, array.length - 1, array.length, -1, -700]) {
          expect(blocks.at(place)).toBe(array.at(place));
          expect(blocks.slice(Math.max(0, place), place + 700)).toEqual(
            array.slice(Math.max(0, place), Math.max(0, place + 700)),
          );
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("blocks find the first of thousands of ordered items that satisfies a condition", () => {
  const blocks = new Blocks<number>();
  expect(blocks.first(() => true)).toBe(0);
  for (let item = 0; item < 5000; item += 1) blocks.insert(item, 2 * item);
  for (const wanted of [-1, 0, 1, 1023, 1024, 1025, 5000, 9998, 9999, 20_000]) {
    const place = blocks.first((item) => item >= wanted);
    expect(place).toBe(Math.min(5000, Math.max(0, Math.ceil(wanted / 2))));
  }
});
