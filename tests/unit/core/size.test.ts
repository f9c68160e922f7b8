import { describe, expect, test } from "vitest";
import { formatSize, readSize } from "#lib/core/size";

describe("readSize", () => {
  // As Next's own reader of next.config (the package bytes) reads them.
  test.each([
    ["1", 1],
    ["500b", 500],
    ["500 KB", 512_000],
    ["5 MB", 5_242_880],
    ["1.5mb", 1_572_864],
    ["2gb", 2_147_483_648],
    ["10485760", 10_485_760],
    [" 7 kb ", 7168],
  ])("reads %j as Next does in next.config", (text, expected) => {
    expect(readSize(text)).toBe(expected);
  });

  test.each([10_485_760, 1])("takes %d bytes as they are", (number) => {
    expect(readSize(number)).toBe(number);
  });

  test.each(["", "MB", "0", "0 MB", "-1", "1e3", "1.5", "5 MiB", "5 tb", "1,5 MB", "5 MB or so"])(
    "reads no size in %j",
    (text) => {
      expect(readSize(text)).toBeUndefined();
    },
  );

  test.each([0, -1, 1.5, NaN, Infinity, 1e21])("reads no size in the number %d", (number) => {
    expect(readSize(number)).toBeUndefined();
  });
});

test("formatSize never says more bytes than there are", () => {
  const sizes = [1, 1023, 1024, 1_048_575, 10_485_760, 20_000_000, 2 ** 30];
  expect(sizes.map(formatSize)).toEqual([
    "1 B",
    "1023 B",
    "1 kB",
    "1023.9 kB",
    "10 MB",
    "19 MB",
    "1 GB",
  ]);
});
