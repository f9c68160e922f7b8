import { expect, test } from "vitest";
import { malformedHeader } from "#lib/server/sound-headers";

const ACTION = "60cdda47ded1c355a43122c1aadd8cb92a1c9e318f";

test.each([
  "https://app.example",
  "http://127.0.0.1:3000",
  "null",
  "chrome-extension://abcdefghijklmnop",
  "capacitor://localhost",
  "file://",
])("the Origin %s is valid", (origin) => {
  expect(malformedHeader("POST", { origin })).toBeUndefined();
});

test.each(["mallory", "", "//mallory.example", "https://", "https://a.example, https://b c"])(
  'the Origin "%s" is malformed',
  (origin) => {
    expect(malformedHeader("GET", { origin })).toContain("Origin must be one origin");
  },
);

test.each(["mallory", "", `${ACTION}, ${ACTION}`, `${ACTION}g`, "a".repeat(65)])(
  'the Next-Action "%s" is malformed in a POST, and ignored in a GET',
  (action) => {
    expect(malformedHeader("POST", { "next-action": action })).toContain("Next-Action must be");
    expect(malformedHeader("GET", { "next-action": action })).toBeUndefined();
  },
);

test("the id of a Server Action and a request without these headers are valid", () => {
  expect(malformedHeader("POST", { "next-action": ACTION })).toBeUndefined();
  expect(malformedHeader("POST", { "next-action": ACTION.slice(2) })).toBeUndefined();
  expect(malformedHeader(undefined, {})).toBeUndefined();
});
