import { afterAll, beforeAll, expect, test } from "vitest";
import { createLimits } from "#lib/limits";
import { definePolicy } from "#lib/policy/define";
import { startStore } from "../support/gateway.ts";
import { gateOptions } from "../support/options.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope(afterAll);
const policy = definePolicy({ rules: { api: { limits: { ip: "3 per hour" } } } });

let checkRateLimit: ReturnType<typeof createLimits>["checkRateLimit"];

beforeAll(async () => {
  const store = cleanUp(await startStore(), (it) => it.stop());
  ({ checkRateLimit } = createLimits(policy, gateOptions(store).options));
});

test("checkRateLimit counts a key in a separate sliding window", async () => {
  const call = () => checkRateLimit("search:203.0.113.9", 2, 60_000);
  expect(await call()).toEqual({ success: true, remaining: 1, retryAfter: 0 });
  expect(await call()).toEqual({ success: true, remaining: 0, retryAfter: 0 });
  const denied = await call();
  expect(denied).toMatchObject({ success: false, remaining: 0 });
  expect(denied.retryAfter).toBeGreaterThan(59_000);
});

test.each<[unknown]>([[null], [7]])(
  "checkRateLimit rejects the key %j, which is not text",
  async (key) => {
    await expect(checkRateLimit(key as string, 5, 60_000)).rejects.toMatchObject({
      code: "LIMIT_BAD_ARGUMENT",
    });
  },
);

test.each([
  [0, 60_000],
  [1.5, 60_000],
  [5, 10],
  [5, 40 * 86_400_000],
  [1e13, 31 * 86_400_000],
  ["5" as unknown as number, 60_000],
  [5, "1 minute" as unknown as number],
])(
  "checkRateLimit rejects a limit of %d in %d ms with the allowed values",
  async (limit, windowMs) => {
    await expect(checkRateLimit("a", limit, windowMs)).rejects.toMatchObject({
      code: "LIMIT_BAD_ARGUMENT",
      message: expect.stringContaining(" must be "),
    });
  },
);
