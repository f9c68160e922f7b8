import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeReport } from "#lib/cli/info/report";
import { renderReport } from "#lib/cli/info/render";
import { VARIABLES } from "#lib/variables";
import { ROOT } from "../../support/app.ts";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { MACHINE } from "../../support/machine.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

type Files = Readonly<Record<string, string>>;
type Env = Readonly<Record<string, string>>;

/** A folder with files, which is removed after the test. */
function folder(files: Files): string {
  const root = mkdtempSync(join(tmpdir(), "headgate-info-"));
  cleanUp(root, (it) => rmSync(it, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

async function infoOf(files: Files, env: Env = {}, pingsStore = false) {
  const root = folder(files);
  const report = await makeReport({ root, env, policy: undefined, pingsStore });
  return { report, text: renderReport(report) };
}

/** Runs the command in a separate process, as a person does. */
function run(cwd: string, env: Env, ...args: readonly string[]) {
  const bin = join(ROOT, "lib", "cli", "headgate.ts");
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, "info", ...args], {
    cwd,
    encoding: "utf8",
    env: { ...MACHINE, NODE_ENV: "development", ...env },
  });
  return { status, stdout, stderr };
}

const POLICY = `export default {
  identities: { plan: "from-code" },
  exempt: { "/api/health": "a load balancer asks" },
  rules: {
    api: { match: "/api/:path*", limits: { ip: "5 per minute" }, onStoreFailure: "deny" },
    all: { match: "/all", methods: ["POST"], limits: { global: "9 per hour" }, mode: "shadow" },
    code: { limits: { ip: ["2 per hour", { limit: 300, window: "1 day" }] }, mode: "25%" },
  },
};
`;

const APP: Files = {
  "package.json": JSON.stringify({
    name: "shop",
    packageManager: "pnpm@10.34.8",
    dependencies: { next: "16.4.6", ioredis: "6.0.0" },
  }),
  "node_modules/next/package.json": '{ "name": "next", "version": "16.4.6" }',
  "src/app/page.tsx": "export default () => null;",
  "src/proxy.ts": 'import { gate } from "@/lib/gate";\nexport default gate.middleware;\n',
  "src/lib/gate.ts":
    'import { createHeadgate } from "headgate";\nexport const gate = createHeadgate({});\n',
  "src/config/rate-limits.ts": POLICY,
  "vercel.json": "{}",
};

describe("headgate info", () => {
  test("headgate info reports versions, the app's layout, its gate, and a summary of the policy", async () => {
    const { report, text } = await infoOf(APP);
    expect(report.versions.packages.slice(0, 2)).toEqual([
      { name: "next", version: "16.4.6", isAskedFor: true },
      { name: "react", version: null, isAskedFor: false },
    ]);
    expect(text).toContain(
      "- package manager: pnpm 10.34.8\n- next 16.4.6\n- react: not installed",
    );
    expect(text).toContain("- ioredis: in package.json, and not installed");
    expect(text).toContain(
      "- routers: app, in src\n- `src/proxy.ts` has the gate, which does not follow what is set while the app runs (headgate/live)\n",
    );
    expect(text).toContain("- markers of: Vercel (`vercel.json`)");
    expect(text).toContain("- `src/config/rate-limits.ts`: 3 rules\n");
    expect(text).toContain(
      "- `api`: `/api/:path*`; ip: 5 per minute, sliding-log; onStoreFailure deny\n",
    );
    expect(text).toContain(
      "- `all`: POST `/all`; global: 9 per hour, sliding-log; onStoreFailure allow; in shadow\n",
    );
    expect(text).toContain(
      "- `code`: called from code; ip: 2 per hour, sliding-log; ip: 300 per day, sliding-window; onStoreFailure allow; decides for 25%\n",
    );
    expect(text).toContain("- exempt: `/api/health`\n- identities: `plan`\n");
  });

  test("headgate info reports a gate that follows what is set while the app runs", async () => {
    const { text } = await infoOf({
      ...APP,
      "src/lib/gate.ts": `${APP["src/lib/gate.ts"]}export { live } from "headgate/live";\n`,
    });
    expect(text).toContain("has the gate, which follows what is set while the app runs");
  });

  test("headgate info reports a middleware without the gate, one that Next does not use, and one with a syntax error", async () => {
    const { report } = await infoOf({
      ...APP,
      "src/proxy.ts": "export default () => {};",
      "middleware.ts": 'export { default } from "headgate";',
      "proxy.ts": "export default {{",
    });
    expect(report.app.entries).toEqual([
      { file: "proxy.ts", hasGate: null, followsControl: false, isTaken: false },
      { file: "middleware.ts", hasGate: true, followsControl: false, isTaken: false },
      { file: "src/proxy.ts", hasGate: false, followsControl: false, isTaken: true },
    ]);
  });

  test("headgate info reads .env files as Next does, and names those that the mode does not read", async () => {
    const files = {
      ".env": "HEADGATE_MODE=off\nHEADGATE_NAMESPACE=shop-of-ada\nHOST_NAME=eu1\n",
      ".env.local":
        'HEADGATE_MODE="shadow"\nUPSTASH_REDIS_REST_URL=https://$HOST_NAME.upstash.io\n',
      ".env.production": "UPSTASH_REDIS_REST_TOKEN=abc\n",
      ".env.example": "HEADGATE_JOIN=1\n",
    };
    const { report, text } = await infoOf(files, { HEADGATE_MODE: "enforce" });
    expect(report.environment).toEqual({
      mode: "development",
      files: [".env.local", ".env", ".env.production"],
      unreadable: [],
      variables: [
        { name: "UPSTASH_REDIS_REST_URL", value: null, from: [".env.local"], isRead: true },
        { name: "UPSTASH_REDIS_REST_TOKEN", value: null, from: [".env.production"], isRead: false },
        { name: "HEADGATE_NAMESPACE", value: null, from: [".env"], isRead: true },
        {
          name: "HEADGATE_MODE",
          value: "enforce",
          from: ["the environment", ".env.local", ".env"],
          isRead: true,
        },
      ],
    });
    expect(text).toContain(
      "- `UPSTASH_REDIS_REST_TOKEN`: set, in .env.production, which development does not read",
    );
    expect(report.store).toMatchObject({ kind: "unusable", host: null });
    const production = await infoOf(files, { NODE_ENV: "production" });
    expect(production.report.store).toMatchObject({ kind: "upstash", host: "eu1.upstash.io" });
    expect(production.report.environment.variables).toContainEqual({
      name: "HEADGATE_MODE",
      value: "shadow",
      from: [".env.local", ".env"],
      isRead: true,
    });
  });

  test.each([
    [{}, "none is configured: headgate start"],
    [{ REDIS_URL: "redis://ada:pw@10.0.0.1/2" }, "Redis by TCP at 10.0.0.1:6379, by `REDIS_URL`"],
    [
      { KV_REST_API_URL: "https://kv.example:8443/path", KV_REST_API_TOKEN: "tok" },
      "a store by REST at kv.example:8443, by `KV_REST_API_URL`\n- not checked",
    ],
    [
      { UPSTASH_REDIS_REST_URL: "https://eu1.upstash.io", UPSTASH_REDIS_REST_TOKEN: "tok" },
      "Upstash, by REST at eu1.upstash.io, by `UPSTASH_REDIS_REST_URL`",
    ],
    [
      { UPSTASH_REDIS_REST_URL: "https://eu1.upstash.io" },
      "configured, but cannot be used: The environment cannot be used. UPSTASH_REDIS_REST_TOKEN must be",
    ],
  ])("headgate info names the store of the environment %j", async (env, line) => {
    expect((await infoOf({}, env)).text).toContain(`### Store\n- ${line}`);
  });

  test.each([
    [{ CLIENT_IP_FROM: "hops:2" }, "`hops:2`, by CLIENT_IP_FROM"],
    [{ CLIENT_IP_FROM: "socket" }, "`socket`, by CLIENT_IP_FROM"],
    [{ CLIENT_IP_FROM: "header:fly-client-ip" }, "`header:fly-client-ip`, by CLIENT_IP_FROM"],
    [{ CLIENT_IP_FROM: "header:x-9f8a7" }, "`header:…`, by CLIENT_IP_FROM"],
    [{ VERCEL: "1" }, "`vercel`, by the platform"],
    [{ CLIENT_IP_FROM: "hop:2" }, "CLIENT_IP_FROM cannot be used here: it must be "],
    [{}, "not set: headgate start"],
  ])(
    "headgate info names the source of client addresses in the environment %j",
    async (env, line) => {
      expect((await infoOf({}, env)).text).toContain(`### Client address\n- ${line}`);
    },
  );

  test("headgate info has the warnings and errors of a start", async () => {
    const { report } = await infoOf(
      {},
      { HEADGATE_MOD: "off", REDIS_URL: "redis://127.0.0.1", NODE_ENV: "production" },
    );
    expect(report.warnings).toEqual([
      expect.stringMatching(/^HEADGATE_MOD is no variable .* Did you mean HEADGATE_MODE\?$/),
      expect.stringMatching(/^next start, without headgate start: Nothing says where/),
      expect.stringMatching(/^nothing names this app/),
      expect.stringMatching(/^REDIS_URL holds no password/),
    ]);
    const { report: wrong } = await infoOf({}, { PORT: "many", HEADGATE_JOIN: "yes" });
    expect(wrong.warnings).toEqual([expect.stringMatching(/HEADGATE_JOIN must be .*PORT must be/)]);
  });
});

describe("headgate info in a broken app", () => {
  test("headgate info outside an app says what is missing and ends with 0", () => {
    const { status, stdout, stderr } = run(folder({}), {});
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("- next: not installed\n- react: not installed\n");
    expect(stdout).toContain(
      "- there is no package.json that can be read\n- no app or pages folder",
    );
    expect(stdout).toContain("- there is no `config/rate-limits.ts`, and none in src");
  });

  test("headgate info reports an invalid package.json, files that are folders, and a policy with a syntax error", async () => {
    const { text } = await infoOf({
      "package.json": '{ "name": ',
      "app/page.tsx": "",
      "middleware.ts/file": "",
      ".env/file": "",
      "config/rate-limits.ts": "export default {{",
    });
    expect(text).toContain("- package.json is not valid JSON\n- routers: app\n");
    expect(text).toContain("- `middleware.ts` cannot be read");
    expect(text).toContain("- `.env` cannot be read\n");
    expect(text).toMatch(
      /- `config\/rate-limits\.ts` cannot be used:\n\n {6}.* cannot be read as a policy: .*\(line 1, column 17\)/,
    );
  });

  test("headgate info reports each problem of a policy with its place", async () => {
    const wrong = POLICY.replace("5 per minute", "5 per moment");
    const { text, report } = await infoOf({ "package.json": "{", "config/rate-limits.ts": wrong });
    expect(report.policy).toMatchObject({ status: "invalid", file: "config/rate-limits.ts" });
    expect(text).toMatch(/rate-limits\.ts:5:\d+ {2}BAD_WINDOW\n {8}rule {5}api\n/);
  });

  test("headgate info ends with 2 for a missing policy file", () => {
    const { status, stderr } = run(folder({}), {}, "none.ts");
    expect(stderr).toMatch(/^CLI_USAGE: There is no file .*none\.ts/);
    expect(status).toBe(2);
  });
});

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

test("the issue form for bugs asks for the output of headgate info", () => {
  const form = readFileSync(join(ROOT, ".github", "ISSUE_TEMPLATE", "bug.yml"), "utf8");
  expect(form).toMatch(
    /id: info\n.*\n.*\n.*npx headgate info.*\n {4}validations:\n {6}required: true/,
  );
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

  test.each(["throws", "is invalid", "is valid"])(
    "no secret of the environment or of a file is printed with a policy that exposes it and %s",
    (kind) => {
      const files = { "config/rate-limits.ts": policy(kind), "package.json": "{}" };
      const inProcess = folder({ ...files, ".env.local": "" });
      const inFiles = folder({
        ...files,
        ".env.local": envFile(seeded),
        // In YAML notation the value is a part of the name.
        ".env": `${envFile(seeded)}HEADGATE_SECRET: ${secretOf("HEADGATE_SECRET")}=\n`,
        ".env.production": envFile(seeded),
      });
      const runs = [run(inProcess, seeded), run(inFiles, {}, "--json", "--store")];
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
