import { expect, test } from "vitest";
import { isUnguessable } from "#lib/idempotency/guess";

test.each([
  ["a UUID of version 4", "8e03978e-40d5-43dd-bc93-6894a57f9324"],
  ["a UUID of version 4 in capitals", "8E03978E-40D5-43DD-BC93-6894A57F9324"],
  ["a UUID of version 4 in both cases", "8e03978E-40d5-43dd-BC93-6894a57f9324"],
  ["22 characters of base64url", "V1StGXR8_Z5jdHi6B-myTw"],
  ["characters of base64url that begin with a dash", "-_StGXR8_Z5jdHi6B-myTw"],
  ["255 characters of base64url", "Vx1".repeat(85)],
])("isUnguessable returns true for %s: %s", (_, key) => {
  expect(isUnguessable(key)).toBe(true);
});

test.each([
  ["a word", "order-1"],
  ["21 characters of base64url", "V1StGXR8_Z5jdHi6B-myT"],
  ["a UUID of version 1", "c232ab00-9414-11ec-b3c8-9f6bdeced846"],
  ["a UUID of version 7", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"],
  ["a UUID of version 4 of another variant", "8e03978e-40d5-43dd-cc93-6894a57f9324"],
  ["the UUID of zeros", "00000000-0000-0000-0000-000000000000"],
  ["a name with other characters", "order:2026-11-29:ada@example.org"],
  ["text with padding", "V1StGXR8_Z5jdHi6B-myTw=="],
  ["a long text with blanks", "the second order of ada today"],
  ["a UUID of version 4 and a line break", "8e03978e-40d5-43dd-bc93-6894a57f9324\n"],
])("isUnguessable returns false for %s: %s", (_, key) => {
  expect(isUnguessable(key)).toBe(false);
});
