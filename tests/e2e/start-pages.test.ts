import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LAYOUT } from "../package/new-app.ts";
import { ROOT, startProgram } from "../support/app.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");
/** Within the tree, so that its packages are found. */
const FOLDER = join(ROOT, ".headgate", `start-pages-${process.pid}`);

const UPSTASH = pageOf("from-upstash-ratelimit");
const EXPRESS = pageOf("from-express-rate-limit");

/** Files that an app of create-next-app has, and that a page does not show. */
const AROUND: Readonly<Record<string, string>> = {
  "package.json": '{ "private": true, "dependencies": { "next": "16" } }',
  "tsconfig.json": "{}",
  "app/layout.tsx": LAYOUT,
  "app/page.tsx": "export default function Page() {\n  return <h1>Hello</h1>;\n}\n",
  // The packages lie in the folder above; an app with its own needs no such thing.
  "next.config.mjs": `export default { turbopack: { root: ${JSON.stringify(ROOT)} } };\n`,
};

interface Page {
  /** The files that it shows, by what stands in brackets behind their names: "" for none. */
  readonly files: (variant: "" | "before" | "a part") => Readonly<Record<string, string>>;
  /** Its last command, and what it prints. */
  readonly command: string;
  readonly printed: string;
}

function pageOf(name: string): Page {
  const text = readFileSync(join(ROOT, "docs", "start", `${name}.md`), "utf8");
  const blocks = [...text.matchAll(/^```tsx?\n\/\/ (\S+)(?: \(([\w ]+)\))?\n(.*?)^```$/gms)];
  const [, command = "", printed = ""] =
    /^```\n(curl [^\n]*)\n```\n\nIt prints:\n\n```\n(.*?)^```\n$/ms.exec(text) ?? [];
  return {
    files: (variant) =>
      Object.fromEntries(
        blocks
          .filter(([, , of = ""]) => of === variant)
          .map(([, path = "", , code = ""]) => [path, code]),
      ),
    command,
    printed,
  };
}

/** Makes an app of files in a folder of its own. */
function makeApp(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(FOLDER, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

let store: TestStore;

beforeAll(async () => {
  store = await startStore();
});
afterAll(async () => {
  await store?.stop();
  rmSync(FOLDER, { recursive: true, force: true });
});

function settings(mode: "development" | "production") {
  return {
    NODE_ENV: mode,
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
    // A proxy that names every client the same: the page's command has no header for it.
    CLIENT_IP_FROM: "hops:1",
  };
}

/** Starts an app, and resolves to what a page's command prints there. */
async function printedBy(command: string, folder: string, mode: "dev" | "start"): Promise<string> {
  const env = settings(mode === "dev" ? "development" : "production");
  const args = [NEXT, mode, "-p", "0", "-H", "localhost"];
  const app = cleanUp(await startProgram(args, env, folder), (it) => it.stop());
  const here = command
    .replace("localhost:3000", app.url)
    .replace("curl ", "curl -H 'x-forwarded-for: 203.0.113.9' ");
  return execFileSync("sh", ["-c", here], { encoding: "utf8" });
}

function headgate(folder: string, ...args: readonly string[]) {
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH, HOME, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
  const program = join(ROOT, "lib", "cli", "headgate.ts");
  const ran = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  return { status: ran.status, output: ran.stdout + ran.stderr };
}

describe("docs/start/from-upstash-ratelimit.md", () => {
  let folder = "";
  let output = "";

  beforeAll(() => {
    const own = { ...UPSTASH.files(""), ...UPSTASH.files("before") };
    folder = makeApp("upstash", { ...AROUND, ...own });
    ({ output } = headgate(folder, "init", "--from", "upstash", "--yes", "--no-install"));
  });

  test("the command writes the rules that the page shows, and a second run changes nothing", () => {
    const policy = readFileSync(join(folder, "config/rate-limits.ts"), "utf8");
    expect(policy).toContain(UPSTASH.files("a part")["config/rate-limits.ts"]);
    expect(output).toContain("From @upstash/ratelimit: the rules notes, visitors.");
    const again = headgate(folder, "init", "--from", "upstash", "--yes", "--no-install");
    expect(again.output).toContain("nothing to do");
    expect(readFileSync(join(folder, "config/rate-limits.ts"), "utf8")).toBe(policy);
    expect(headgate(folder, "check").status).toBe(0);
  });

  test("after the command the app builds, and limits as before", async () => {
    execFileSync(process.execPath, [NEXT, "build"], {
      cwd: folder,
      env: { ...process.env, ...settings("production") },
      stdio: "pipe",
    });
    expect(await printedBy(UPSTASH.command, folder, "start")).toBe(UPSTASH.printed);
    const redis = cleanUp(new Redis(store.redis.url), (it) => it.disconnect());
    const keys = await redis.keys("*");
    expect(keys.filter((key) => key.startsWith("ratelimit:notes:ada:"))).toHaveLength(1);
    // Headgate has counted the notes of nobody, so no request was counted twice.
    expect(keys.filter((key) => key.includes(":notes:user:"))).toEqual([]);
  });

  test("with its limits moved, the app prints what the page says", async () => {
    for (const [path, text] of Object.entries(UPSTASH.files(""))) {
      writeFileSync(join(folder, path), text);
    }
    const policy = join(folder, "config/rate-limits.ts");
    const before = readFileSync(policy, "utf8");
    writeFileSync(policy, before.replace('mode: "shadow",', 'mode: "enforce",'));
    rmSync(join(folder, "lib/limits.ts"));
    expect(await printedBy(UPSTASH.command, folder, "dev")).toBe(UPSTASH.printed);
  });
});

test("the app of docs/start/from-express-rate-limit.md prints what the page says", async () => {
  const folder = makeApp("express", { ...AROUND, ...EXPRESS.files("") });
  expect(await printedBy(EXPRESS.command, folder, "dev")).toBe(EXPRESS.printed);
  const right = EXPRESS.command.replace("a guess", "open sesame").replace("[1-4]", "[1-6]");
  // Another client, whose right answers are given back.
  const asOther = right.replace("curl ", "curl -H 'x-forwarded-for: 203.0.113.10' ");
  expect(asOther).toContain("open sesame");
});

test("express-rate-limit's options that the page names have a row each", () => {
  const text = readFileSync(join(ROOT, "docs", "start", "from-express-rate-limit.md"), "utf8");
  expect(text).toContain("`windowMs: 60_000`");
});
