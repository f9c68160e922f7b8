import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { httpSettings } from "#lib/server/http-settings";
import { HeadgateError } from "#lib/core/errors";
import { ROOT } from "../../support/app.ts";

type Variables = Readonly<Record<string, string>>;

function failureOf(env: Variables): HeadgateError {
  try {
    httpSettings(env, false);
  } catch (error) {
    if (error instanceof HeadgateError) return error;
  }
  return expect.unreachable("the value should have been rejected with a HeadgateError");
}

test("a server without variables waits for a route for 300 s and for the next request for 65 s", () => {
  expect(httpSettings({}, false)).toEqual({
    bodyBytes: 1_048_576,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 40_972,
    keepAliveTimeoutMs: 65_000,
    stalledTimeoutMs: 300_000,
  });
});

test("in development a response may take any time, unless SOCKET_TIMEOUT is set", () => {
  expect(httpSettings({}, true).stalledTimeoutMs).toBe(0);
  expect(httpSettings({ SOCKET_TIMEOUT: "7" }, true).stalledTimeoutMs).toBe(7);
});

test("each variable sets its own limit", () => {
  const env = {
    MAX_BODY_BYTES: "2048",
    HEADERS_TIMEOUT: "1000",
    REQUEST_TIMEOUT: "1000",
    KEEP_ALIVE_TIMEOUT: " 70000\n",
    SOCKET_TIMEOUT: "0",
  };
  expect(httpSettings(env, false)).toEqual({
    bodyBytes: 2048,
    headersTimeoutMs: 1000,
    requestTimeoutMs: 1000,
    keepAliveTimeoutMs: 70_000,
    stalledTimeoutMs: 0,
  });
});

test("headers may take at most REQUEST_TIMEOUT when HEADERS_TIMEOUT is not set", () => {
  expect(httpSettings({ REQUEST_TIMEOUT: "500" }, false).headersTimeoutMs).toBe(500);
});

test.each([
  ["KEEP_ALIVE_TIMEOUT", "0"],
  ["KEEP_ALIVE_TIMEOUT", "65s"],
  ["KEEP_ALIVE_TIMEOUT", "86400001"],
  ["SOCKET_TIMEOUT", "-1"],
  ["SOCKET_TIMEOUT", "1.5"],
  ["HEADERS_TIMEOUT", "0"],
  ["HEADERS_TIMEOUT", '"1000"'],
  ["REQUEST_TIMEOUT", "0"],
  ["REQUEST_TIMEOUT", "1e3"],
  ["MAX_BODY_BYTES", "1023"],
])("%s=%s is rejected with ENV_INVALID and what it must be", (name, value) => {
  const { code, message } = failureOf({ [name]: value });
  expect([code, message]).toEqual([
    "ENV_INVALID",
    expect.stringMatching(new RegExp(`${name} must be a whole number from \\d+ to \\d+\\.`)),
  ]);
});

test("a HEADERS_TIMEOUT above REQUEST_TIMEOUT is rejected", () => {
  const { code, message } = failureOf({ HEADERS_TIMEOUT: "2000", REQUEST_TIMEOUT: "1000" });
  expect([code, message]).toEqual([
    "ENV_INVALID",
    expect.stringContaining(
      "HEADERS_TIMEOUT must be at most REQUEST_TIMEOUT, which is 20000 and 1 for every 50",
    ),
  ]);
  expect(failureOf({ HEADERS_TIMEOUT: "50000" }).message).toContain("at most REQUEST_TIMEOUT");
});

test("nginx in docs/guides/nginx.md closes idle connections before the server, and waits as long as the server", () => {
  const page = readFileSync(join(ROOT, "docs", "guides", "nginx.md"), "utf8");
  const ms = (name: string) =>
    1000 * Number(new RegExp(`^ *${name} (\\d+)s;$`, "m").exec(page)?.[1]);
  const { keepAliveTimeoutMs, stalledTimeoutMs } = httpSettings({}, false);
  expect(ms("keepalive_timeout")).toBeLessThan(keepAliveTimeoutMs);
  expect(ms("proxy_read_timeout")).toBe(stalledTimeoutMs);
});

test("a body may have up to 1 GiB, and a larger body gives a slow client more time", () => {
  const largest = httpSettings({ MAX_BODY_BYTES: "1073741824" }, false);
  expect(largest.bodyBytes).toBe(1_073_741_824);
  expect(largest.requestTimeoutMs).toBe(21_494_837);
  expect(failureOf({ MAX_BODY_BYTES: "1073741825" }).message).toContain("from 1024 to 1073741824");
});
