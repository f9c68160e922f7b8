import { describe, expect, test } from "vitest";
import { renderExplanation } from "#lib/cli/explain/render";
import { createGate } from "#lib/gate";
import type { Charge } from "#lib/limit/charge";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { requestMaker } from "#lib/cli/explain/request";
import { ROOT } from "../../support/app.ts";
import { ENVIRONMENT, explain, POLICY } from "../../support/explained.ts";

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
