import { describe, expect, test } from "vitest";
import { formatSize, readSize } from "#lib/core/size";

describe("readSize", () => {
  // Next reads sizes of next.config by the package bytes.
  test.each([
    ["1", 1],
    ["500b", 500],
    ["500 KB", 512_000],
    ["5 MB", 5_242_880],
    ["1.5mb", 1_572_864],
    ["2gb", 2_147_483_648],
    ["10485760", 10_485_760],
    [" 7 kb ", 7168],
  ])("readSize reads %j like Next in next.config", (text, expected) => {
    expect(readSize(text)).toBe(expected);
  });

  test.each([10_485_760, 1])("readSize returns the number %d unchanged", (number) => {
    expect(readSize(number)).toBe(number);
  });

  test.each(["", "MB", "0", "0 MB", "-1", "1e3", "1.5", "5 MiB", "5 tb", "1,5 MB", "5 MB or so"])(
    "readSize rejects %j",
    (text) => {
      expect(readSize(text)).toBeUndefined();
    },
  );

  test.each([0, -1, 1.5, NaN, Infinity, 1e21])("readSize rejects the number %d", (number) => {
    expect(readSize(number)).toBeUndefined();
  });
});

test("formatSize rounds down", () => {
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
