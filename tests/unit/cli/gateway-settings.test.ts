import { afterEach, expect, test, vi } from "vitest";
import gateway from "#lib/cli/commands/gateway";
import { BAD_REDIS_URLS, BAD_TOKENS, MARK, told } from "../../support/bad-settings.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test.each([
  ["REDIS_URL", `redis://:${MARK}@127.0.0.1:1/notadb`],
  ["REDIS_URL", `redis://:${MARK}@127.0.0.1:1?family=6`],
  ["REDIS_URL", `http://:${MARK}@127.0.0.1:1`],
  ["REDIS_URL", BAD_REDIS_URLS[2] ?? ""],
  ["GATEWAY_TOKEN", BAD_TOKENS[4] ?? ""],
  ["GATEWAY_PORT", `"${MARK}"`],
  ["GATEWAY_HOST", `"${MARK}"`],
])("the gateway rejects the %s %j without printing its value", async (name, value) => {
  vi.stubEnv(name, value);
  const out = vi.spyOn(console, "log").mockImplementation(() => {});
  const err = vi.spyOn(console, "error").mockImplementation(() => {});
  expect(await gateway([])).toBe(1);
  const output = [...out.mock.calls, ...err.mock.calls].flat().join("\n");
  expect(told(output)).toBe(false);
  expect(output).toMatch(new RegExp(`ENV_INVALID: .*\\b${name}\\b`));
});
