import { expect, test } from "vitest";
import { createTogether } from "#lib/core/together";

test("the first goes on at once, who comes meanwhile with the others, in their order", async () => {
  const together = createTogether(20);
  const gone: number[] = [];
  const first = together();
  const others = [1, 2, 3].map(async (n) => {
    await together();
    gone.push(n);
  });
  expect(first).toBeUndefined();
  expect(gone).toEqual([]);
  await Promise.race(others);
  expect(gone).toEqual([1, 2, 3]);
});

test("after it the next one is a first again", async () => {
  const together = createTogether();
  expect(together()).toBeUndefined();
  await together();
  expect(together()).toBeUndefined();
  expect(together()).toBeInstanceOf(Promise);
});
