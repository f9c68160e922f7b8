import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";
import { callInfo, INFO_APP, INFO_POLICY, infoReports } from "../../support/info-reports.ts";

const { folder, infoOf } = infoReports();

describe("headgate info", () => {
  test("headgate info reports versions, the app's layout, its gate, and a summary of the policy", async () => {
    const { report, text } = await infoOf(INFO_APP);
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
      ...INFO_APP,
      "src/lib/gate.ts": `${INFO_APP["src/lib/gate.ts"]}export { live } from "headgate/live";\n`,
    });
    expect(text).toContain("has the gate, which follows what is set while the app runs");
  });

  test("headgate info reports a middleware without the gate, one that Next does not use, and one with a syntax error", async () => {
    const { report } = await infoOf({
      ...INFO_APP,
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
  test("headgate info outside an app says what is missing and ends with 0", async () => {
    const { status, stdout, stderr } = await callInfo(folder({}), {});
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
    const wrong = INFO_POLICY.replace("5 per minute", "5 per moment");
    const { text, report } = await infoOf({ "package.json": "{", "config/rate-limits.ts": wrong });
    expect(report.policy).toMatchObject({ status: "invalid", file: "config/rate-limits.ts" });
    expect(text).toMatch(/rate-limits\.ts:5:\d+ {2}BAD_WINDOW\n {8}rule {5}api\n/);
  });

  test("headgate info ends with 2 for a missing policy file", async () => {
    const { status, stderr } = await callInfo(folder({}), {}, "none.ts");
    expect(stderr).toMatch(/^CLI_USAGE: There is no file .*none\.ts/);
    expect(status).toBe(2);
  });
});

test("the issue form for bugs asks for the output of headgate info", () => {
  const form = readFileSync(join(ROOT, ".github", "ISSUE_TEMPLATE", "bug.yml"), "utf8");
  expect(form).toMatch(
    /id: info\n.*\n.*\n.*npx headgate info.*\n {4}validations:\n {6}required: true/,
  );
});
