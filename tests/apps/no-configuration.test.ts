import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, startProgram } from "../support/app.ts";
import { MACHINE } from "../support/machine.ts";
import { IN_TREE } from "../support/next-config.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");
/** A folder within the tree finds the packages of the tree. */
const APP = join(ROOT, ".headgate", `no-configuration-${process.pid}`);

/** A whole app without variables and without a check at its start. */
const FILES: Readonly<Record<string, string>> = {
  "package.json": '{ "name": "fresh", "private": true, "type": "module" }',
  "next.config.mjs": `
    import { withHeadgate } from "headgate/plugin";
    export default withHeadgate(async () => ({
      ...${JSON.stringify(IN_TREE)},
      rewrites: async () => [{ source: "/another-name", destination: "/api/closed" }],
    }));
  `,
  "app/layout.jsx":
    "export default ({ children }) => <html lang='en'><body>{children}</body></html>;",
  "app/page.jsx": "export default () => <h1>A fresh app</h1>;",
  "app/api/[name]/route.js": "export const GET = () => Response.json({ served: true });",
  // Without this file, the bundler uses the one of a folder above.
  "instrumentation.js": "export function register() {}",
  "middleware.js": `
    import { definePolicy, headgate } from "headgate";
    const ip = "2 per hour";
    export default headgate(definePolicy({
      rules: {
        pages: { match: "/", limits: { ip } },
        open: { match: "/api/open", limits: { ip } },
        closed: { match: "/api/closed", limits: { ip }, onStoreFailure: "deny" },
      },
    }));
    export const config = { matcher: ["/((?!_next/static/).*)"] };
  `,
};

beforeAll(() => {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(APP, path)), { recursive: true });
    writeFileSync(join(APP, path), text);
  }
});
afterAll(() => rmSync(APP, { recursive: true, force: true }));

const run = async (command: "dev" | "start", NODE_ENV: string) =>
  cleanUp(
    await startProgram([NEXT, command, "-p", "0", "-H", "localhost"], { NODE_ENV }, APP),
    (it) => it.stop(),
  );

async function statuses(times: number, url: string): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < times; i += 1) found.push((await fetch(url)).status);
  return found;
}

describe("an app without any variable", () => {
  test("an app without variables denies over the limit under next dev, and prints once where it counts", async () => {
    const app = await run("dev", "development");
    expect(await statuses(3, `${app.url}/api/open`)).toEqual([200, 200, 429]);
    expect(await statuses(3, `${app.url}/another-name`)).toEqual([200, 200, 429]);
    const denied = await fetch(`${app.url}/api/open`);
    expect(denied.headers.get("ratelimit-policy")).toBe('"open:ip:hour";q=2;w=3600');
    expect(Number(denied.headers.get("retry-after"))).toBeGreaterThan(3500);
    await expect.poll(() => app.output()).toContain('"event":"denied"');
    expect(
      app.output().match(/headgate: no store is named, .* counted in this process/g),
    ).toHaveLength(1);
    expect(app.output()).not.toMatch(/store-failed|STORE_|ENV_INVALID|"event":"(?!denied)/);
  });

  test("an app without variables serves pages under next start, and a rule that fails closed answers 503", async () => {
    const env = { ...MACHINE, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
    const build = spawnSync(process.execPath, [NEXT, "build"], { cwd: APP, env, encoding: "utf8" });
    expect([build.status, build.stderr]).toEqual([0, expect.any(String)]);
    const app = await run("start", "production");
    expect(await statuses(4, app.url)).toEqual([200, 200, 200, 200]);
    expect(await statuses(4, `${app.url}/api/open`)).toEqual([200, 200, 200, 200]);
    expect(await statuses(2, `${app.url}/api/closed`)).toEqual([503, 503]);
    expect(await statuses(1, `${app.url}/another-name`)).toEqual([503]);
    expect(await statuses(2, `${app.url}/api/other`)).toEqual([200, 200]);
    expect(app.output().match(/^.*UPSTASH_REDIS_REST_URL must be set.*$/gm)).toEqual([
      expect.stringMatching(/onStoreFailure decides\.$/),
    ]);
    expect(app.output()).not.toContain("store-failed");
  });
});
