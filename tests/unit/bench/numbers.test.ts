import { expect, test } from "vitest";
import { percentile } from "../../bench/numbers.ts";

test.each([
  [50, [3, 1, 2], 2],
  [50, [4, 1, 3, 2], 2.5],
  [0, [5, 9], 5],
  [100, [5, 9], 9],
  [95, [7], 7],
  [99, Array.from({ length: 101 }, (_, i) => i), 99],
])("percentile %d of %j is %d", (percent, numbers, expected) => {
  expect(percentile(percent, numbers)).toBeCloseTo(expected, 9);
});

test("percentile returns NaN without numbers", () => {
  expect(percentile(50, [])).toBeNaN();
});
