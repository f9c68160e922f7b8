import { expect, test } from "vitest";
import { withDefaults } from "#lib/gateway/limits";
import { tokenCheck } from "#lib/gateway/token";

const token = "a-token-of-the-tests";

test("tokenCheck accepts only the complete token as Bearer", () => {
  const isAuthorized = tokenCheck(token);
  expect(isAuthorized(`Bearer ${token}`)).toBe(true);
  expect(isAuthorized(`bearer ${token}`)).toBe(true);
  for (const wrong of [
    undefined,
    "",
    "Bearer",
    "Bearer ",
    token,
    `Basic ${token}`,
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token.toUpperCase()}`,
    `Bearer x ${token}`,
  ]) {
    expect([wrong, isAuthorized(wrong)]).toEqual([wrong, false]);
  }
});

test("tokenCheck rejects a short token without repeating it", () => {
  expect(() => tokenCheck("fifteen-letters")).toThrow(/has 15 characters; it needs at least 16/);
  expect(() => tokenCheck("fifteen-letters")).not.toThrow(/fifteen-letters/);
});

test("withDefaults accepts only whole numbers of 1 or more", () => {
  expect(withDefaults({ bodyBytes: 5 })).toMatchObject({ bodyBytes: 5, pipelineCommands: 1000 });
  for (const bad of [0, -1, 1.5, Number.NaN, Infinity]) {
    expect(() => withDefaults({ drainMs: bad })).toThrow(/limits\.drainMs must be a whole number/);
  }
});
