import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { explainRequest } from "#lib/cli/explain/explain";
import { renderExplanation } from "#lib/cli/explain/render";
import { secretFor } from "#lib/cli/explain/secret";
import { withoutTriedKeys } from "#lib/cli/explain/tokens";
import { HeadgateError } from "#lib/core/errors";
import type { Variables } from "#lib/core/settings";
import { fromEnv } from "#lib/env";
import { jwtUser } from "#lib/identity/jwt";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { supabaseUser } from "#lib/identity/sessions/supabase";
import { type AnyPolicy, definePolicy } from "#lib/policy/define";
import { recordRunningStore, type StoreAddress } from "#lib/server/running-store";
import { write } from "../../package/world.ts";
import { ROOT } from "../../support/app.ts";
import { MACHINE } from "../../support/machine.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

const CURRENT = "the current secret of the tests, long enough";
const PREVIOUS = "the previous secret of the tests, long enough";
const URL_OF_PROJECT = "https://shop.supabase.co";

type Resolver = (request: Request) => Promise<string | undefined> | string | undefined;

/** Explains a request of a user whom a resolver names. */
function explain(user: Resolver, headers: Readonly<Record<string, string>>) {
  const policy = definePolicy({
    identities: { user },
    rules: { api: { match: "/api/:path*", limits: { "user|ip": "3 per minute" } } },
  });
  return explainBy(policy, headers);
}

async function explainBy(policy: AnyPolicy, headers: Readonly<Record<string, string>>) {
  const explained = await explainRequest({
    policy,
    request: () => new Request("https://shop.example/api/x", { headers }),
    environment: fromEnv({ NODE_ENV: "development" }),
    secret: { source: "none", warning: undefined },
    rewrites: undefined,
  });
  return { explained, text: renderExplanation(explained) };
}

/** Signs claims, so that each may be wrong. */
function signed(claims: object, secret = CURRENT, typ = "JWT"): Promise<string> {
  return new SignJWT({ sub: "ada", aud: "shop", exp: seconds(300), ...claims })
    .setProtectedHeader({ alg: "HS256", typ })
    .sign(new TextEncoder().encode(secret));
}

function seconds(fromNow: number): number {
  return Math.floor(Date.now() / 1000) + fromNow;
}

describe("a token that does not verify", () => {
  const user = jwtUser({ secrets: [CURRENT, PREVIOUS], audience: "shop" });
  const supabase = supabaseUser({ url: URL_OF_PROJECT, secret: CURRENT });
  const stranger = "a secret that the app does not know, long enough";

  test.each<readonly [string, () => Promise<string> | string, string]>([
    ["expired", () => signed({ exp: seconds(-60) }), "ERR_JWT_EXPIRED (exp)"],
    [
      "expired, by the previous secret",
      () => signed({ exp: seconds(-60) }, PREVIOUS),
      "ERR_JWT_EXPIRED (exp)",
    ],
    ["signed by another key", () => signed({}, stranger), "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"],
    [
      "for another audience",
      () => signed({ aud: "bank" }),
      "ERR_JWT_CLAIM_VALIDATION_FAILED (aud)",
    ],
    ["without sub", () => signed({ sub: undefined }), "ERR_JWT_CLAIM_VALIDATION_FAILED (sub)"],
    ["with a number as sub", () => signed({ sub: 7 }), "sub"],
    ["of another type", () => signed({}, CURRENT, "reset+jwt"), "type"],
    ["that is no JWT", () => "0123456789abcdef", "ERR_JWS_INVALID"],
  ])("explain prints why a token %s names no user", async (_, make, reason) => {
    const token = await make();
    const { explained, text } = await explain(user, { authorization: `Bearer ${token}` });
    expect(explained).toMatchObject({ identities: { user: null }, unverified: [reason] });
    expect(text).toContain("user   not proven by the request, so the address is counted\n");
    expect(text).toContain(`token   does not verify: ${reason}\n`);
    expect(JSON.stringify(explained) + text).not.toContain(token.split(".")[2] ?? token);
  });

  test.each<readonly [string, Resolver]>([
    ["the app has no secret", jwtUser({ secrets: [], audience: "shop" })],
    ["the token verifies, and its issuer is another", supabase],
  ])("explain prints the possible reasons when %s", async (_, resolver) => {
    const headers = { authorization: `Bearer ${await signed({ iss: "https://other.example" })}` };
    const { explained, text } = await explain(resolver, headers);
    expect(explained).toMatchObject({ identities: { user: null }, unverified: ["UNKNOWN"] });
    expect(text).toContain("token   names no user: the app has no secret or key for it, rejects");
  });

  test("explain prints nothing about a token that the previous secret verifies, when another identity has no value", async () => {
    const policy = definePolicy({
      identities: { user, tenant: () => undefined },
      rules: {
        api: {
          match: "/api/:path*",
          limits: { "user|ip": "3 per minute", "tenant|ip": "9 per minute" },
        },
      },
    });
    const headers = { authorization: `Bearer ${await signed({}, PREVIOUS)}` };
    const { explained } = await explainBy(policy, headers);
    expect(explained).toMatchObject({ identities: { user: "ada", tenant: null }, unverified: [] });
  });

  test("withoutTriedKeys leaves out the reason of a key that did not decrypt a token", () => {
    const [otherKey, expired] = ["ERR_JWE_DECRYPTION_FAILED", "ERR_JWT_EXPIRED (exp)"];
    expect(withoutTriedKeys([otherKey, expired], false)).toEqual([expired]);
    expect(withoutTriedKeys([otherKey], false)).toEqual([otherKey]);
  });

  test("explain prints why the token of a session does not verify", async () => {
    const token = await signed({ exp: seconds(-60) });
    const { explained } = await explain(supabase, { authorization: `Bearer ${token}` });
    expect(explained.unverified).toEqual(["ERR_JWT_EXPIRED (exp)"]);
  });

  test("explain prints nothing about tokens when one names the user, or the request has no token", async () => {
    const cookie = `session=${await signed({})}`;
    for (const headers of [{ cookie }, { cookie, authorization: "Bearer junk" }, {}]) {
      const { explained, text } = await explain(user, headers);
      expect(explained.unverified).toEqual([]);
      expect(text).not.toContain("token ");
    }
  });

  test.each<readonly [Error, string]>([
    [
      new HeadgateError("IDENTITY_OPTIONS_INVALID", "secret must be set."),
      "IDENTITY_OPTIONS_INVALID: secret must be set.",
    ],
    [new TypeError("Bearer abc is no token"), "TypeError"],
  ])("explain prints why a resolver failed: %s", async (error, shown) => {
    const { explained, text } = await explain(
      () => {
        throw error;
      },
      { authorization: "Bearer abc" },
    );
    expect(explained).toMatchObject({ failures: { user: shown }, unverified: [] });
    expect(text).toContain(`user   its resolver failed, so the address is counted: ${shown}\n`);
  });
});

function folder(files: Readonly<Record<string, string>> = {}): string {
  const root = cleanUp(mkdtempSync(join(tmpdir(), "headgate-explain-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  write(root, files);
  return root;
}

/** Notes an app that runs in a folder, with the store that it started. */
function run(root: string, about: Omit<StoreAddress, "url" | "token">): void {
  const variables = {
    UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9",
    UPSTASH_REDIS_REST_TOKEN: "a-token",
  };
  const chosen = { line: "a store", variables, stop: async () => {} };
  cleanUp(recordRunningStore(root, chosen, about), (it) => it.stop());
}

describe("the secret of an explanation", () => {
  const REST = {
    UPSTASH_REDIS_REST_URL: "https://store.example",
    UPSTASH_REDIS_REST_TOKEN: "a-token",
  };

  test.each<readonly [string, Variables, Omit<StoreAddress, "url" | "token">, object]>([
    [
      "HEADGATE_SECRET",
      { HEADGATE_SECRET: CURRENT },
      { mode: "development", isSecretSet: true },
      { source: "HEADGATE_SECRET", variables: {}, warning: undefined },
    ],
    [
      "HEADGATE_SECRET, with a warning for an app that was started without it",
      { HEADGATE_SECRET: CURRENT },
      { mode: "development", secret: PREVIOUS },
      {
        source: "HEADGATE_SECRET",
        variables: {},
        warning: expect.stringContaining("without HEADGATE_SECRET") as string,
      },
    ],
    [
      "that of the running app",
      {},
      { mode: "development", secret: PREVIOUS },
      { source: "running-app", variables: { HEADGATE_SECRET: PREVIOUS } },
    ],
    [
      "that of the named store",
      REST,
      { mode: "development", secret: PREVIOUS },
      { source: "store", variables: {}, warning: undefined },
    ],
    [
      "unknown when the running app has a HEADGATE_SECRET",
      {},
      { mode: "development", isSecretSet: true },
      { source: "none", warning: expect.stringContaining("set HEADGATE_SECRET") as string },
    ],
    [
      "that of the running app, with a warning for another mode",
      {},
      { mode: "production", secret: PREVIOUS },
      { source: "running-app", warning: expect.stringContaining("without --dev") as string },
    ],
  ])("the secret is %s", (_, variables, about, expected) => {
    const root = folder();
    run(root, about);
    expect(secretFor(root, "development", variables)).toMatchObject(expected);
  });

  test("the secret is unknown when no app runs and nothing names a store", () => {
    expect(secretFor(folder(), "production", {})).toEqual({
      source: "none",
      variables: {},
      warning: undefined,
    });
  });
});

test("headgate explain --dev prints the client key of the app that headgate dev serves", () => {
  const root = folder({
    "config/rate-limits.mjs": `export default { rules: { api: { match: "/api/:path*", limits: { ip: "5 per minute" } } } };\n`,
    "package.json": '{ "name": "shop" }',
  });
  mkdirSync(join(root, "node_modules"));
  symlinkSync(join(ROOT, "lib"), join(root, "node_modules", "headgate"));
  run(root, { mode: "development", secret: CURRENT });
  const explainBy = (...args: readonly string[]) => {
    const bin = join(ROOT, "lib", "cli", "headgate.ts");
    return spawnSync(process.execPath, [bin, "explain", "/api/x", "--ip", "203.0.113.7", ...args], {
      cwd: root,
      encoding: "utf8",
      env: { ...MACHINE, NODE_ENV: "test" },
    });
  };
  const key = createKeyedHash(CURRENT)("ip", "203.0.113.7");
  const { namespace } = fromEnv({
    HEADGATE_APP: "shop",
    HEADGATE_SECRET: CURRENT,
    NODE_ENV: "development",
  });
  const { stdout, stderr } = explainBy("--dev");
  expect(stderr).toBe("");
  expect(stdout).toContain(`"ip" counts ${key}`);
  expect(stdout).toContain(`${namespace}:rate_limit:{${key}}`);
  expect(stdout).toContain("keys   made with the secret of the app that runs here");
  expect(explainBy().stdout).toContain("since it is in development: explain it with --dev");
});
