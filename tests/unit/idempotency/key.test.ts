import { expect, test } from "vitest";
import { readKey } from "#lib/idempotency/key";

const UUID = "8e03978e-40d5-43dd-bc93-6894a57f9324";

function reading(...values: readonly string[]) {
  const headers = new Headers();
  for (const value of values) headers.append("Idempotency-Key", value);
  return readKey(headers);
}

test("readKey reads a request without the header as missing", () => {
  expect(reading()).toEqual({ kind: "missing" });
});

test.each([
  ["the example of the draft", `"${UUID}"`, UUID],
  ["one character", '"k"', "k"],
  ["255 characters", `"${"k".repeat(255)}"`, "k".repeat(255)],
  ["spaces around it", `  "${UUID}" `, UUID],
  ["spaces in it", '"a b"', "a b"],
  ["a comma in it", '"a, b"', "a, b"],
  ["escapes", String.raw`"a\"b\\c"`, String.raw`a"b\c`],
  ["parameters, which are ignored", `"${UUID}";a=1;b`, UUID],
  ["no quotes", UUID, UUID],
  ["no quotes, in capitals", UUID.toUpperCase(), UUID.toUpperCase()],
  ["no quotes, and spaces around it", `  ${UUID} `, UUID],
  ["no quotes, and tabs around it", `\t${UUID}\t`, UUID],
  ["no quotes, and parameters", `${UUID};a=1; b="x, y"`, UUID],
  ["a token", "abc", "abc"],
  ["one letter", "k", "k"],
  ["a number", "007", "007"],
  [
    "a UUID of digits",
    "12345678-1234-4123-8123-123456789012",
    "12345678-1234-4123-8123-123456789012",
  ],
  ["a text that begins with a dash", "-_ab", "-_ab"],
  ["base64", "+/8=", "+/8="],
  ["an order of a user", "order:17/ada@example.org~2.1", "order:17/ada@example.org~2.1"],
  ["255 characters without quotes", "k".repeat(255), "k".repeat(255)],
])("readKey reads %s, %j, as a key", (_, value, key) => {
  expect(reading(value)).toEqual({ kind: "key", key });
});

test.each([
  ["nothing", ""],
  ["an empty string", '""'],
  ["bytes", ":YWJj:"],
  ["a date", "@1659578233"],
  ["a boolean", "?1"],
  ["a display string", '%"a"'],
  ["an inner list", '("a" "b")'],
  ["an inner list of one", "(abc)"],
  ["a list without quotes", "abc, def"],
  ["a list without blanks", "abc,def"],
  ["single quotes", `'${UUID}'`],
  ["backquotes", `\`${UUID}\``],
  ["braces", `{${UUID}}`],
  ["one quote", `"${UUID}`],
  ["one quote at the end", `${UUID}"`],
  ["two strings", `"a", "b"`],
  ["a word after the string", `"a" b`],
  ["two words", "a b"],
  ["parameters without a key", ";a=1"],
  ["invalid parameters", `${UUID};1`],
  ["a semicolon without parameters", `${UUID};`],
  ["a bad escape", String.raw`"a\b"`],
  ["a backslash", String.raw`a\b`],
  ["letters beyond ASCII", '"\u00e9"'],
  ["letters beyond ASCII without quotes", "\u00e9"],
  ["256 characters", `"${"k".repeat(256)}"`],
  ["256 characters without quotes", "k".repeat(256)],
  ["a megabyte", `"${"k".repeat(1_000_000)}"`],
])("readKey reads %s as invalid", (_, value) => {
  expect(reading(value)).toEqual({ kind: "invalid" });
});

test.each([
  ['"a"', '"a"'],
  ["a", "a"],
  [UUID, UUID],
  [UUID, `"${UUID}"`],
])("readKey reads a header that is sent twice, %s and %s, as invalid", (...values) => {
  expect(reading(...values)).toEqual({ kind: "invalid" });
});
