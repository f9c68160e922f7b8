import { expect, test } from "vitest";
import { withoutClientText } from "#lib/server/next-log";

test.each([
  [
    "an Origin and a host",
    "`x-forwarded-host` header with value `mallory.example` does not match `origin` header with value `mallory`` of `.example` from a forwarded Server Actions request. Aborting the action.",
    "The host of the request does not match its `origin` header from a forwarded Server Actions request. Aborting the action.",
  ],
  [
    "the id of a Server Action",
    'Error: Failed to find Server Action "mallory". This request might be from an older or newer deployment.',
    "Error: Failed to find Server Action. This request might be from an older or newer deployment.",
  ],
  [
    "an id with quotes",
    'Error: The Server Reference ID did not match the expected format. Received "mallory". mallory".\nRead more: https://nextjs.org/docs',
    "Error: The Server Reference ID did not match the expected format.\nRead more: https://nextjs.org/docs",
  ],
  [
    "a body that is not JSON",
    "⨯ SyntaxError: Unexpected token 'm', \"mallory\nmallory\" is not valid JSON\n    at JSON.parse (<anonymous>) {\n  digest: '1'\n}",
    "⨯ SyntaxError: The body of a Server Action cannot be read.\n    at JSON.parse (<anonymous>) {\n  digest: '1'\n}",
  ],
  [
    "a body with a number that is none",
    "⨯ SyntaxError: Cannot convert mallory to a BigInt\n    at BigInt (<anonymous>)\n    at ignore-listed frames {\n  digest: '2'\n}",
    "⨯ SyntaxError: The body of a Server Action cannot be read.\n    at BigInt (<anonymous>)\n    at ignore-listed frames {\n  digest: '2'\n}",
  ],
])("Next's log is printed without %s", (_, line, printed) => {
  expect(withoutClientText(line)).toBe(printed);
});

test.each([
  [
    "an error of the app's own",
    "⨯ SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON\n    at JSON.parse (<anonymous>)\n    at async GET (app/api/prices/route.ts:12:20)",
  ],
  ["any other line", '{"source":"headgate","event":"denied","rules":["search"]}'],
])("%s stays as it is", (_, line) => {
  expect(withoutClientText(line)).toBe(line);
});
