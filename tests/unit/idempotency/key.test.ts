import { expect, test } from "vitest";
import { readKey } from "#lib/idempotency/key";

const UUID = "8e03978e-40d5-43dd-bc93-6894a57f9324";

function reading(...values: readonly string[]) {
  const headers = new Headers();
  for (const value of values) headers.append("Idempotency-Key", value);
  return readKey(headers);
}

test("a request without the header has no key", () => {
  expect(reading()).toEqual({ kind: "missing" });
});

test.each([
  ["the draft's own example", `"${UUID}"`, UUID],
  ["one character", '"k"', "k"],
  ["255 of them", `"${"k".repeat(255)}"`, "k".repeat(255)],
  ["spaces around it", `  "${UUID}" `, UUID],
  ["spaces in it", '"a b"', "a b"],
  ["escapes", String.raw`"a\"b\\c"`, String.raw`a"b\c`],
  ["parameters, which are nobody's", `"${UUID}";a=1;b`, UUID],
])("%s: %j is a key", (_, value, key) => {
  expect(reading(value)).toEqual({ kind: "key", key });
});

test.each([
  ["nothing", ""],
  ["an empty string", '""'],
  ["no quotes", UUID],
  ["a token", "abc"],
  ["a number", "7"],
  ["bytes", ":YWJj:"],
  ["single quotes", `'${UUID}'`],
  ["one quote", `"${UUID}`],
  ["two of them", `"a", "b"`],
  ["words after it", `"a" b`],
  ["a bad escape", String.raw`"a\b"`],
  ["letters beyond ASCII", '"\u00e9"'],
  ["256 characters", `"${"k".repeat(256)}"`],
  ["a megabyte", `"${"k".repeat(1_000_000)}"`],
])("%s is none", (_, value) => {
  expect(reading(value)).toEqual({ kind: "invalid" });
});

test("the header that is sent twice is none", () => {
  expect(reading('"a"', '"a"')).toEqual({ kind: "invalid" });
});
