import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VARIABLES } from "#lib/variables";
import type { Env } from "../../support/command.ts";
import { callInfo, type Files, infoReports, runInfo } from "../../support/info-reports.ts";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { scope } from "../../support/scope.ts";

const { folder, infoOf } = infoReports();

describe("headgate info --store", () => {
  let store: TestStore;
  const closing = scope(afterAll);
  beforeAll(async () => {
    store = closing(await startStore(), (it) => it.stop());
  });

  test("headgate info --store sends a PING by REST and by TCP", async () => {
    const rest = { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token };
    for (const env of [rest, { REDIS_URL: store.redis.url }]) {
      const { report, text } = await infoOf({}, env, true);
      expect(report.store.answer).toMatchObject({ ok: true, code: null });
      expect(text).toMatch(/- answers a PING in \d+ ms\n/);
    }
  });

  test("headgate info --store reports why a store does not answer", async () => {
    const env = {
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: "another-token-of-ada",
    };
    expect((await infoOf({}, env, true)).text).toContain(
      "- does not answer a PING: STORE_UNAUTHORIZED",
    );
    const nowhere = { REDIS_URL: "redis://127.0.0.1:1" };
    expect((await infoOf({}, nowhere, true)).text).toContain(
      "- does not answer a PING: STORE_UNREACHABLE",
    );
  });
});

describe("headgate info and secrets", () => {
  const OTHERS = ["DATABASE_URL", "OPENAI_API_KEY", "SESSION", "HEADGATE_SECRT"];
  const NAMES = [...Object.keys(VARIABLES), ...OTHERS].filter(
    (name) => name !== "PATH" && name !== "NODE_ENV",
  );
  const secretOf = (name: string) => `s3/Cr+t ${name}?${"k".repeat(30)}&é`;
  const SECRETS = NAMES.map(secretOf);
  const seeded = Object.fromEntries(NAMES.map((name) => [name, secretOf(name)]));
  /** Addresses with the secret in each part. */
  const addresses = (secret: string): Env => ({
    UPSTASH_REDIS_REST_URL: `https://${encodeURIComponent(secret)}@db.example/${secret}?token=${secret}`,
    KV_REST_API_URL: `https://db.example/${encodeURIComponent(secret)}`,
    KV_REST_API_TOKEN: secret,
    REDIS_URL: `rediss://${encodeURIComponent(secret)}:${encodeURIComponent(secret)}@redis.example:6380`,
    CLIENT_IP_FROM: `header:${secret}`,
  });
  const formsOf = (secret: string) => [
    secret,
    secret.slice(0, 20),
    encodeURI(secret),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString("base64").replace(/=+$/, ""),
    Buffer.from(secret).toString("base64url"),
  ];
  const found = (output: string, secrets = SECRETS) =>
    secrets.filter((secret) => formsOf(secret).some((form) => output.includes(form)));

  /** Policies that expose every secret that they can find. */
  const TELLING: Files = {
    throws: `
      const given = { ...process.env, files: text };
      console.log(given);
      throw new Error(JSON.stringify(given) + Object.values(given).map((it) =>
        [encodeURIComponent(it), Buffer.from(it).toString("base64")].join()).join());`,
    "is invalid": `
      export default { rules: { [text.slice(0, 900)]: { match: secrets, limits: { ip: secrets[0] } } } };`,
    "is valid": `
      export default {
        exempt: { ["/" + Buffer.from(secrets[0]).toString("base64url")]: "told" },
        rules: { api: { match: "/" + Buffer.from(secrets[1]).toString("base64url"), limits: { ip: "5 per minute" } } },
      };`,
  };
  const policy = (kind: string) => `
    import { readFileSync } from "node:fs";
    const text = readFileSync(process.cwd() + "/.env.local", "utf8");
    const secrets = [...Object.values(process.env), ...text.split("'")].filter((it) => it.includes("s3/"));
    ${TELLING[kind]}`;
  const envFile = (env: Env) =>
    Object.entries(env)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join("");

  test.each([
    ["throws", runInfo],
    ["is invalid", callInfo],
    ["is valid", callInfo],
  ])(
    "no secret of the environment or of a file is printed with a policy that exposes it and %s",
    async (kind, info) => {
      const files = { "config/rate-limits.ts": policy(kind), "package.json": "{}" };
      const inProcess = folder({ ...files, ".env.local": "" });
      const inFiles = folder({
        ...files,
        ".env.local": envFile(seeded),
        // In YAML notation the value is a part of the name.
        ".env": `${envFile(seeded)}HEADGATE_SECRET: ${secretOf("HEADGATE_SECRET")}=\n`,
        ".env.production": envFile(seeded),
      });
      const runs = [await info(inProcess, seeded), await info(inFiles, {}, "--json", "--store")];
      for (const { status, stdout, stderr } of runs) {
        expect(found(stdout + stderr)).toEqual([]);
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        const named = Object.keys(VARIABLES).filter((name) => NAMES.includes(name));
        expect(named.filter((name) => !stdout.includes(name))).toEqual([]);
      }
      const { policy: reported } = JSON.parse(runs[1]?.stdout ?? "") as {
        readonly policy: { readonly status: string };
      };
      expect(reported.status).toBe(
        { throws: "unreadable", "is invalid": "invalid", "is valid": "ok" }[kind],
      );
    },
  );

  test.each(Object.keys(addresses("")))("no secret in an address is printed (%s)", async (name) => {
    const secret = secretOf("ADDRESS");
    const all = addresses(secret);
    const pair = name === "KV_REST_API_URL" ? { KV_REST_API_TOKEN: "tok" } : {};
    const { report, text } = await infoOf({}, { [name]: all[name] ?? "", ...pair });
    expect(found(text + JSON.stringify(report), [secret])).toEqual([]);
    expect(text).toContain(`\`${name}\`: set, in the environment`);
  });
});
