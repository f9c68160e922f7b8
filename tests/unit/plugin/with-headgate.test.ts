import type { NextConfig } from "next";
import { withHeadgate } from "headgate/plugin";
import { afterEach, describe, expect, test, vi } from "vitest";
import { packageName } from "#lib/server/package-name";
import { ROOT } from "../../support/app.ts";

const BUILD = "phase-production-build";
const DEV = "phase-development-server";
const context = { defaultConfig: {} };
const name = packageName(ROOT);
const list = [{ source: "/s", destination: "/api/search" }];

afterEach(() => vi.unstubAllEnvs());

describe("withHeadgate", () => {
  test.each([BUILD, DEV])(
    "withHeadgate passes on the app's name and its rewrites in %s",
    async (phase) => {
      const rewrites = async () => list;
      const made = await withHeadgate({ poweredByHeader: false, rewrites })(phase, context);
      expect(made).toEqual({
        poweredByHeader: false,
        rewrites,
        env: { HEADGATE_APP: name, HEADGATE_REWRITES: JSON.stringify(list) },
      });
    },
  );

  test("withHeadgate accepts rewrites in parts, and a config without rewrites", async () => {
    const parts = { beforeFiles: list, afterFiles: [], fallback: list };
    const made = await withHeadgate({ rewrites: () => parts, env: {} })(BUILD, context);
    expect(made.env).toEqual({ HEADGATE_APP: name, HEADGATE_REWRITES: JSON.stringify(parts) });
    expect(await withHeadgate({})(BUILD, context)).toEqual({ env: { HEADGATE_APP: name } });
  });

  test("withHeadgate accepts a function of the phase, an asynchronous one, and a promise", async () => {
    const asked: unknown[] = [];
    const config = (phase: string, about: typeof context) => {
      asked.push([phase, about]);
      return { output: phase === BUILD ? "standalone" : undefined };
    };
    expect(await withHeadgate(config)(BUILD, context)).toMatchObject({ output: "standalone" });
    expect(asked).toEqual([[BUILD, context]]);
    const later = withHeadgate(async () => ({ distDir: "out" }));
    expect(await later(BUILD, context)).toMatchObject({ distDir: "out" });
    const promised = withHeadgate(Promise.resolve({ distDir: "out" }));
    expect(await promised(BUILD, context)).toMatchObject({ distDir: "out" });
  });

  test("withHeadgate accepts and returns Next's own type", async () => {
    const config: NextConfig = { reactStrictMode: true, rewrites: async () => list };
    const made: NextConfig = await withHeadgate(config)(DEV, context);
    expect(made.reactStrictMode).toBe(true);
    const byPhase = withHeadgate((phase: string): NextConfig => ({ distDir: phase }));
    expect((await byPhase(DEV, context)).distDir).toBe(DEV);
  });

  test("withHeadgate keeps values of the app's own env", async () => {
    const env = { HEADGATE_APP: "shop", HEADGATE_REWRITES: "[]", OWN: "1" };
    const made = await withHeadgate({ rewrites: () => list, env })(BUILD, context);
    expect(made.env).toEqual(env);
  });

  test("withHeadgate changes nothing in phases that only serve code", async () => {
    const config = { rewrites: vi.fn<() => []>() };
    expect(await withHeadgate(config)("phase-production-server", context)).toBe(config);
    expect(config.rewrites).not.toHaveBeenCalled();
  });
});

describe("a build on Vercel", () => {
  const build = (variables: Readonly<Record<string, string>>, options = {}) => {
    const env = { NODE_ENV: "production", VERCEL: "1", CI: "1", VERCEL_ENV: "preview" };
    for (const [key, value] of Object.entries({ ...env, ...variables })) vi.stubEnv(key, value);
    return withHeadgate({}, options)(BUILD, context);
  };
  const store = { KV_REST_API_URL: "https://kv.example", KV_REST_API_TOKEN: "token" };

  test("a build on Vercel fails without a store, and says what to set and for which environment", async () => {
    await expect(build({})).rejects.toMatchObject({
      code: "ENV_INVALID",
      message: expect.stringMatching(
        /UPSTASH_REDIS_REST_URL must be set .* Set them for preview, or HEADGATE_MODE=off\.$/,
      ) as unknown,
    });
  });

  test("a build on Vercel fails for an invalid variable", async () => {
    await expect(build({ ...store, KV_REST_API_TOKEN: '"token"' })).rejects.toMatchObject({
      code: "ENV_INVALID",
    });
  });

  test.each<readonly [string, Readonly<Record<string, string>>, object]>([
    ["a store is named", store, {}],
    ["nothing is counted", { HEADGATE_MODE: "off" }, {}],
    ["the app names its Redis itself", { MY: "redis://127.0.0.1" }, { redisVariable: "MY" }],
    ["the app says that it has a store", {}, { checkStore: false }],
    ["it runs elsewhere", { VERCEL: "" }, {}],
    ["it runs on a person's machine", { CI: "" }, {}],
  ])("a build on Vercel does not fail when %s", async (_, variables, options) => {
    expect(await build(variables, options)).toEqual({ env: { HEADGATE_APP: name } });
  });
});
