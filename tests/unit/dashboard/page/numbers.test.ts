import { describe, expect, test } from "vitest";
import {
  age,
  count,
  countdown,
  milliseconds,
  names,
  percent,
  rate,
  shortKey,
  size,
} from "#lib/dashboard/page/numbers";

test.each([
  [0, "0"],
  [1_234_567, "1,234,567"],
  [undefined, "–"],
  [null, "–"],
])("count of %s is %s", (value, text) => {
  expect(count(value)).toBe(text);
});

test.each([
  [-5_000, "00:00"],
  [1, "00:01"],
  [60_000, "01:00"],
  [3_599_001, "1:00:00"],
  [4_205_000, "1:10:05"],
  [86_399_000, "23:59:59"],
  [2 * 86_400_000 + 4_205_000, "2 d 1:10:05"],
])("countdown shows %s ms as %s", (ms, text) => {
  expect(countdown(ms)).toBe(text);
});

test.each([
  [0, "0.0"],
  [0.04, "<0.1"],
  [0.05, "0.1"],
  [1234.56, "1,234.6"],
  [undefined, "–"],
])("rate shows %s a second as %s", (value, text) => {
  expect(rate(value)).toBe(text);
});

test.each([
  [0, 0, "–"],
  [0, 10, "0.0"],
  [1, 10_000, "<0.1"],
  [9_999, 10_000, ">99.9"],
  [1, 3, "33.3"],
  [10, 10, "100.0"],
])("percent shows %s of %s as %s percent", (part, of, text) => {
  expect(percent(part, of)).toBe(text);
});

test.each([
  [0.94, "0.9"],
  [12.6, "13"],
  [1500, "1,500"],
  [null, "–"],
])("milliseconds shows %s ms as %s", (value, text) => {
  expect(milliseconds(value)).toBe(text);
});

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [12_345_678, "12.3 MB"],
  [256_000_000, "256 MB"],
  [5e15, "5,000 TB"],
])("size shows %s bytes as %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test.each([
  [-5, "0 s"],
  [1499, "1 s"],
  [119_000, "119 s"],
  [150_000, "2 min"],
  [7_300_000, "2 h"],
])("age shows %s ms as %s", (ms, text) => {
  expect(age(ms)).toBe(text);
});

describe("names", () => {
  test("names lists all names when they are few", () => {
    expect(names(["a", "b"], 2)).toBe("a, b");
  });

  test("names counts the names that it does not list", () => {
    expect(names(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more");
  });
});

test("a long client key is shortened in its middle", () => {
  expect(shortKey("ip")).toBe("ip");
  expect(shortKey("dQw4w9WgXcQabc7fBz1kLm")).toBe("dQw4w9WgX…z1kLm");
});
