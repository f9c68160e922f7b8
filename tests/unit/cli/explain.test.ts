import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { explainRequest } from "#lib/cli/explain/explain";
import { renderExplanation } from "#lib/cli/explain/render";
import { requestMaker } from "#lib/cli/explain/request";
import { createGate } from "#lib/gate";
import { fromEnv } from "#lib/env";
import type { Charge } from "#lib/limit/charge";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { type AnyPolicy, definePolicy } from "#lib/policy/define";
import type { NextConfig } from "#lib/audit/next-config";
import { write } from "../../package/world.ts";
import { ROOT } from "../../support/app.ts";
import { callCommand } from "../../support/call-command.ts";
import { runCommand } from "../../support/command.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

const POLICY = definePolicy({
  identities: {
    user: ({ headers }: Request) => headers.get("authorization") ?? undefined,
  },
  exempt: { "/api/health": "asked every second" },
  rules: {
    api: { match: "/api/:path*", limits: { ip: "200 per minute" } },
    search: { match: "/api/search", methods: ["POST"], limits: { "user|ip": "3 per minute" } },
    upload: { match: "/api/files/:name", limits: { ip: "9 per hour" }, cost: 3, replaces: ["api"] },
    trial: { match: "/api/search", limits: { global: "5 per day" }, mode: "shadow" },
    login: { limits: { ip: "5 per hour" } },
  },
});

const ENVIRONMENT = fromEnv({
  NODE_ENV: "production",
  HEADGATE_SECRET: "a secret of at least 32 characters, made up",
  HEADGATE_NAMESPACE: "shop",
  CLIENT_IP_FROM: "hops:1",
});

interface ExplainOptions {
  readonly headers?: readonly string[];
  readonly ip?: string;
  readonly config?: NextConfig;
  readonly policy?: AnyPolicy;
}

function explain(
  method: string,
  url: string,
  { headers = [], ip, config = {}, policy = POLICY }: ExplainOptions = {},
) {
  return explainRequest({
    policy,
    request: requestMaker(ROOT, { method, url, headers }, config),
    environment: ENVIRONMENT,
    secret: { source: "HEADGATE_SECRET", warning: undefined },
    rewrites: undefined,
    ip,
  });
}

async function rulesOf(...asked: Parameters<typeof explain>) {
  const { rules } = await explain(...asked);
  return Object.fromEntries(rules.map(({ name, applies, why }) => [name, [applies, why]]));
}

describe("the rules", () => {
  test("the rules are listed with the reason why each does not apply", async () => {
    expect(await rulesOf("GET", "/api/search")).toEqual({
      api: ["decides", undefined],
      search: ["no", "it counts POST, not GET"],
      upload: ["no", "its pattern does not match: /api/files/:name"],
      trial: ["shadow", "it is in shadow: it is counted and denies no request"],
      login: ["no", "it has no match: handlers call it by name"],
    });
  });

  test("the rules are listed with a note when another replaces them, or when they nearly match", async () => {
    expect(await rulesOf("PUT", "/api/files/a.png")).toMatchObject({
      api: ["replaced", "upload replaces it"],
      upload: ["decides", undefined],
    });
    expect(await rulesOf("PUT", "/api/files")).toMatchObject({
      upload: ["no", "its pattern matches /api/files/x, but not this path: /api/files/:name"],
    });
  });

  test("no rule applies to an exempt path, and its reason is shown", async () => {
    const explained = await explain("GET", "/api/health");
    expect(explained.exempt).toEqual({ pattern: "/api/health", reason: "asked every second" });
    expect(explained.rules.every(({ applies }) => applies === "no")).toBe(true);
    expect(explained.calls).toBe(0);
  });
});

describe("the path", () => {
  test("the path is read without basePath and locale, as Next gives it to middleware", async () => {
    const config = { basePath: "/shop", i18n: { locales: ["en", "fr"], defaultLocale: "en" } };
    const { readings, rules } = await explain("GET", "/shop/fr/api/search", { config });
    expect(readings).toEqual(["/api/search"]);
    expect(rules[0]?.applies).toBe("decides");
  });

  test("the path is shown with every reading that rules match", async () => {
    const { readings } = await explain("GET", "/api/a%2fb");
    expect(readings).toEqual(["/api/a%2fb", "/api/a/b"]);
  });
});

/** Returns the charges that a gate makes for a request. */
async function chargesOf(request: Request): Promise<readonly Charge[]> {
  const seen: Charge[] = [];
  class Watched extends MemoryLimits {
    override consume(...call: Parameters<MemoryLimits["consume"]>) {
      seen.push(...call[0]);
      return super.consume(...call);
    }
  }
  const { missing: _, ...settings } = ENVIRONMENT;
  const options = {
    ...settings,
    redis: undefined as never,
    addressSource: settings.clientAddress,
    limitStore: new Watched(),
    cors: undefined,
  };
  await createGate(POLICY, options)(request, { waitUntil: () => {} });
  return seen;
}

describe("the limits", () => {
  test.each([
    ["POST", "/api/search", ["authorization: ada", "x-forwarded-for: 203.0.113.7"]],
    ["POST", "/api/search", ["x-forwarded-for: 203.0.113.8"]],
    ["PUT", "/api/files/a.png", ["x-forwarded-for: 2001:db8::1"]],
  ])(
    "the limits of %s %s with %j have the keys that the gate counts by",
    async (method, url, headers) => {
      const explained = await explain(method, url, { headers });
      const made = requestMaker(ROOT, { method, url, headers }, {})();
      const charges = await chargesOf(made);
      expect(charges.length).toBeGreaterThan(0);
      expect(explained.limits.map(({ key }) => key)).toEqual(charges.map(({ key }) => key));
    },
  );

  test("the cost of a check is the number of commands that Upstash bills", async () => {
    // One script with its TIME, and GET and SET of each limit, for any cost.
    expect((await explain("GET", "/api/x")).billed).toBe(4);
    expect((await explain("PUT", "/api/files/a")).billed).toBe(4);
    expect((await explain("GET", "/nowhere")).billed).toBe(0);
  });
});

describe("the client", () => {
  test("the client is the address of --ip, or an identity that the headers prove", async () => {
    const { address, identities } = await explain("POST", "/api/search", { ip: "203.0.113.7" });
    expect({ address, identities }).toEqual({ address: "203.0.113.7", identities: { user: null } });
    const named = await explain("POST", "/api/search", { headers: ["Authorization: ada"] });
    expect(named.identities).toEqual({ user: "ada" });
  });
});

describe("the responses", () => {
  test("the responses are those of a client that has consumed nothing, and of one that has consumed everything", async () => {
    const { allowed, denied } = await explain("POST", "/api/search", { ip: "203.0.113.7" });
    expect(allowed).toMatchObject({ status: undefined });
    expect(allowed?.headers["ratelimit"]).toContain('"search:user|ip:minute";r=2');
    expect(denied?.status).toBe(429);
    expect(denied?.headers["retry-after"]).toBe("60");
  });
});

test("renderExplanation shows the steps of a request in order", async () => {
  const text = renderExplanation(await explain("POST", "/api/search", { ip: "203.0.113.7" }));
  const steps = text.split("\n\n").map((paragraph) => /^\w+/.exec(paragraph)?.[0]);
  expect(steps).toEqual(["path", "rules", "client", "limits", "store", "allowed", "denied"]);
  expect(text).toContain("search  decides by /api/search");
  expect(text).toContain("user   not proven by the request, so the address is counted");
});

describe("a list of the policy", () => {
  const policy = definePolicy({
    ...POLICY,
    conditions: { monitor: ({ headers }) => headers.get("x-monitor") === "token" },
    allow: { "198.51.100.0/24": "our own network", monitor: "checks uptime" },
    block: { "203.0.113.0/24": "tries stolen passwords", "user:mallory": "resells our data" },
  });
  const ip = "203.0.113.7";
  const UNCOUNTED = { limits: [], calls: 0, billed: 0 };

  test("explainRequest shows the entry that blocks a client on every path, its reason and the 403", async () => {
    for (const path of ["/api/search", "/nowhere", "/api/health"]) {
      const explained = await explain("POST", path, { ip, policy });
      expect(explained).toMatchObject({
        ...UNCOUNTED,
        entry: {
          list: "block",
          id: "policy block 1",
          client: "203.0.113.0/24",
          reason: "tries stolen passwords",
        },
        conditions: { monitor: false },
        denied: { status: 403, headers: { "cache-control": "no-store" } },
      });
      expect(explained.allowed).toBeUndefined();
      expect(explained.denied?.headers).not.toHaveProperty("ratelimit");
      const text = renderExplanation(explained);
      expect(text).toContain(
        "blocked by 203.0.113.0/24 (policy block 1): tries stolen passwords\n\nstore    no call\n\ndenied   403\n",
      );
      expect(text).toContain("ip   203.0.113.7\n");
      expect(text).toContain("monitor   does not hold");
    }
  });

  test("explainRequest shows the entry that blocks a user", async () => {
    const headers = ["authorization: mallory"];
    const { entry, identities } = await explain("GET", "/nowhere", { headers, policy });
    expect(entry).toMatchObject({ id: "policy block 2", client: "user:mallory" });
    expect(identities).toEqual({ user: "mallory" });
  });

  test("explainRequest shows the entry that allows a client without counting it, even if it is also blocked", async () => {
    const headers = ["x-monitor: token"];
    const explained = await explain("POST", "/api/search", { ip, headers, policy });
    expect(explained).toMatchObject({
      ...UNCOUNTED,
      entry: { list: "allow", id: "policy allow 2", client: "monitor", reason: "checks uptime" },
      conditions: { monitor: true },
      allowed: { headers: {} },
    });
    expect(explained.denied).toBeUndefined();
    expect(renderExplanation(explained)).toContain(
      "list     allowed without being counted by monitor (policy allow 2): checks uptime",
    );
  });

  test("explainRequest shows no entry for a client that is not listed", async () => {
    const explained = await explain("POST", "/api/search", { ip: "192.0.2.1", policy });
    expect(explained.entry).toBeNull();
    expect(explained.denied?.status).toBe(429);
    expect(renderExplanation(explained)).not.toContain("policy block");
  });
});

/** A policy in shadow in production, as `headgate init` writes it. */
const INITS = `import { definePolicy } from "headgate";

export default definePolicy({
  mode: process.env.NODE_ENV === "production" ? "shadow" : "enforce",
  rules: { api: { match: "/api/:path*", limits: { ip: "5 per minute" } } },
});
`;

test.each([
  [
    ["/api/x", "--ip", "203.0.113.7"],
    "api  is counted by /api/:path* (it is in shadow",
    runCommand,
  ],
  [["GET", "/api/x", "--dev"], "api  decides by /api/:path*", callCommand],
  [
    ["POST", "/api/x", "--policy", "config/rate-limits.ts", "--json"],
    '"applies": "shadow"',
    callCommand,
  ],
])("headgate explain %j loads the policy in the right mode", async (args, expected, run) => {
  const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-explain-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  write(folder, { "config/rate-limits.ts": INITS, "package.json": '{ "name": "shop" }' });
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(ROOT, "lib"), join(folder, "node_modules", "headgate"));
  const done = await run(folder, { NODE_ENV: "test" }, "explain", ...args);
  expect(done.stdout).toContain(expected);
  expect(done.stderr).toBe("");
  expect(done.status).toBe(0);
});

test.each([
  [{ method: "GET", url: "/", headers: ["no colon"] }, '--header must be "name: value"'],
  [{ method: "GET", url: "http://[", headers: [] }, "Invalid URL"],
  [{ method: "TRACE IT", url: "/", headers: [] }, "The request cannot be made"],
])("an invalid request %j is an error with the reason", (written, expected) => {
  expect(() => requestMaker(ROOT, written, {})).toThrow(expected);
});
