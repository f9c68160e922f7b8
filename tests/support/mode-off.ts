import { expect } from "vitest";
import type { RunningApp } from "./app.ts";

/** Expects that an app with HEADGATE_MODE=off and without a store allows every request, and calls no store. */
export async function expectLimitsNothing(app: RunningApp): Promise<void> {
  for (let i = 0; i < 12; i += 1) {
    const answer = await fetch(`${app.url}/api/search`);
    expect([answer.status, answer.headers.has("ratelimit")]).toEqual([200, false]);
  }
  expect(await (await fetch(`${app.url}/api/health`)).json()).toStrictEqual({
    status: "ok",
    mode: "off",
    store: "not-asked",
  });
  expect(app.output()).not.toMatch(/ENV_INVALID|ECONNREFUSED|^warning/m);
  // A route that needs a store logs which variables to set.
  expect((await fetch(`${app.url}/api/health/redis`)).status).toBe(503);
  await expect.poll(() => app.output()).toContain("No store is named, and this call needs one");
}
