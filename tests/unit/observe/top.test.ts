import { expect, test } from "vitest";
import { Top } from "#lib/observe/top";

/** Returns keys of which the same few are frequent. */
function keyAt(i: number): string {
  return i % 3 === 0 ? `frequent-${(i / 3) % 10}` : `rare-${i}`;
}

test("Top keeps the most frequent keys in bounded memory, and the sum of all counts is exact", () => {
  const top = new Top(100);
  for (let i = 0; i < 3000; i += 1) top.add(keyAt(i));
  const first = [...top.counts].toSorted(([, a], [, b]) => b - a).slice(0, 10);
  expect(new Set(first.map(([key]) => key))).toEqual(
    new Set(Array.from({ length: 10 }, (_, i) => `frequent-${i}`)),
  );
  // Each key was added a hundred times, and no count is too low.
  for (const [, count] of first) expect(count).toBeGreaterThanOrEqual(100);
  expect(top.counts.size).toBe(100);
  expect([...top.counts.values()].reduce((sum, count) => sum + count, 0)).toBe(3000);
});

test("Top has exact counts when there are fewer keys than places", () => {
  const top = new Top(3);
  for (const key of ["a", "b", "a", "c", "a"]) top.add(key);
  expect(Object.fromEntries(top.counts)).toEqual({ a: 3, b: 1, c: 1 });
});
