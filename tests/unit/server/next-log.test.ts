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
    "a body with a BigInt that is not a number",
    "⨯ SyntaxError: Cannot convert mallory to a BigInt\n    at BigInt (<anonymous>)\n    at ignore-listed frames {\n  digest: '2'\n}",
    "⨯ SyntaxError: The body of a Server Action cannot be read.\n    at BigInt (<anonymous>)\n    at ignore-listed frames {\n  digest: '2'\n}",
  ],
  [
    "a body with a malformed map entry",
    "⨯ TypeError: Iterator value mallory\n    at new Map (<anonymous>) {mallory is not an entry object\n    at new Map (<anonymous>) {\n  digest: '3'\n}",
    "⨯ TypeError: The body of a Server Action cannot be read.\n    at new Map (<anonymous>) {\n  digest: '3'\n}",
  ],
  [
    "the URL of an image",
    "⨯ upstream image response failed for http://mallory.example/ for mallory 1 404",
    "⨯ upstream image response failed for a URL 404",
  ],
  [
    "the URL of an image with an error",
    "⨯ upstream image response failed for http://mallory.example/ Error: mallory\n    at x",
    "⨯ upstream image response failed for a URL",
  ],
  [
    "the URL of a file that is not an image",
    "⨯ The requested resource isn't a valid image for /mallory received null",
    "⨯ The requested resource isn't a valid image for a URL received null",
  ],
  [
    "the URL of an image on a private host",
    '⨯ upstream image http://mallory hostname resolved to private IP ["10.0.0.1"] If this is expected',
    '⨯ upstream image: hostname resolved to private IP ["10.0.0.1"] If this is expected',
  ],
  [
    "the path of a page that cannot be cached",
    "Failed to update prerender cache for /mallory\n  code: 'MALLORY'\n Error: ENAMETOOLONG: name too long, mkdir '/mallory'\n    at ignore-listed frames {\n  errno: -36,\n  code: 'ENAMETOOLONG',\n  path: '/mallory'\n}",
    "Failed to update prerender cache for a page: ENAMETOOLONG",
  ],
  [
    "the path of a page that cannot be cached, for an unknown reason",
    "Failed to update prerender cache for /mallory TypeError: mallory",
    "Failed to update prerender cache for a page",
  ],
  [
    "the path behind a rewrite",
    "Failed to proxy http://127.0.0.1:9/Error: connect ECONNREFUSED\n    at xmallory",
    "Failed to proxy a request",
  ],
  [
    "the path of a large response",
    "API response for /api/mallory?q= exceeds mallory exceeds 4MB. API Routes are meant to",
    "API response for a request exceeds 4MB. API Routes are meant to",
  ],
])("Next's log is printed without %s", (_, line, printed) => {
  expect(withoutClientText(line)).toBe(printed);
});

test.each([
  "SyntaxError: ",
  "`host` header with value `",
  'Failed to find Server Action "',
  'did not match the expected format. Received "',
  "\n    at JSON.parse (<anonymous>)",
  "\n  code: 'A'",
])("a megabyte of %j is cleaned in little time", (piece) => {
  const long = piece.repeat(1_000_000 / piece.length);
  const fits = `⨯ TypeError: Iterator value ${long} is not\n    at new Map (<anonymous>)`;
  expect(withoutClientText(fits)).not.toContain("Iterator");
  for (const start of ["", "⨯ TypeError: ", "Failed to update prerender cache for "]) {
    expect(withoutClientText(`${start}${long}.`).length).toBeGreaterThan(0);
  }
});

test.each([
  [
    "an error of the app",
    "⨯ SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON\n    at JSON.parse (<anonymous>)\n    at async GET (app/api/prices/route.ts:12:20)",
  ],
  [
    "an error of a map in the app",
    "⨯ TypeError: Iterator value 1 is not an entry object\n    at new Map (<anonymous>)\n    at GET (app/api/prices/route.ts:12:20) {\n  digest: '4'\n}",
  ],
  ["any other line", '{"source":"headgate","event":"denied","rules":["search"]}'],
])("withoutClientText keeps %s unchanged", (_, line) => {
  expect(withoutClientText(line)).toBe(line);
});
