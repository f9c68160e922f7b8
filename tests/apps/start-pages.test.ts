import { execFile, spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LAYOUT } from "../package/new-app.ts";
import { write } from "../package/world.ts";
import { ROOT, startProgram } from "../support/app.ts";
import { installPackage } from "../support/built-package.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { MACHINE } from "../support/machine.ts";
import { configInTree } from "../support/next-config.ts";
import { makeRepository } from "../support/repository.ts";
import { scope } from "../support/scope.ts";

/** The gateway of the store runs in this process, so no command may block this process. */
const run = promisify(execFile);
const cleanUp = scope();
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");
/** A folder within the tree finds the packages of the tree. */
const FOLDER = join(ROOT, ".headgate", `start-pages-${process.pid}`);

const UPSTASH = pageOf("from-upstash-ratelimit");
const EXPRESS = pageOf("from-express-rate-limit");

const POLICY = "config/rate-limits.ts";

/** The policy of an app with the rules of both pages. */
const BOTH_POLICIES = `import { definePolicy } from "headgate";
import express from "./express";
import upstash from "./upstash";

export default definePolicy({
  identities: upstash.identities,
  rules: { ...express.rules, ...upstash.rules },
});
`;

/** Files of create-next-app that the pages do not show. */
const AROUND: Readonly<Record<string, string>> = {
  "package.json": '{ "private": true, "dependencies": { "next": "16" } }',
  "tsconfig.json": "{}",
  "app/layout.tsx": LAYOUT,
  "app/page.tsx": "export default function Page() {\n  return <h1>Hello</h1>;\n}\n",
  "next.config.mjs": configInTree(),
};

interface Page {
  /** The files that a step of the page shows. */
  readonly filesOf: (step: number) => Readonly<Record<string, string>>;
  /** The rules that a command of the page adds, from the diff that the page shows. */
  readonly added: string;
  /** The command that shows a denial, and its output. */
  readonly command: string;
  readonly printed: string;
}

function pageOf(name: string): Page {
  const text = readFileSync(join(ROOT, "docs", "start", `${name}.md`), "utf8");
  const steps = text.split(/^## (?=\d\. )/m);
  const [, added = ""] = /^```diff\n(.*?)^```$/ms.exec(text) ?? [];
  const [, command = "", printed = ""] =
    /^```sh\n(curl [^\n]*)\n```\n\n```txt\n(.*?)^```$/ms.exec(text) ?? [];
  return {
    filesOf: (step) => {
      const shown = (steps[step] ?? "").matchAll(/^```tsx?\n\/\/ (\S+)\n(.*?)^```$/gms);
      return Object.fromEntries([...shown].map(([, path = "", code = ""]) => [path, code]));
    },
    added: added.replaceAll(/^\+/gm, ""),
    command,
    printed,
  };
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
    CLIENT_IP_FROM: "hops:1",
  };
}

/**
 * Starts an app. The returned function runs a page's command as a client, and resolves to its output.
 *
 * @param stopAfter when the app stops: by default after the test
 */
async function served(mode: "dev" | "start", stopAfter = cleanUp) {
  const env = settings(mode === "dev" ? "development" : "production");
  const args = [NEXT, mode, "-p", "0", "-H", "localhost"];
  const app = stopAfter(await startProgram(args, env, FOLDER), (it) => it.stop());
  return async (command: string, address = "203.0.113.9") => {
    const here = command
      .replace("localhost:3000", app.url)
      .replace("curl ", `curl -H 'x-forwarded-for: ${address}' `);
    const { stdout } = await run("sh", ["-c", here]);
    return stdout;
  };
}

function headgate(...args: readonly string[]) {
  const env = { ...MACHINE, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
  const program = join(ROOT, "lib", "cli", "headgate.ts");
  const ran = spawnSync(process.execPath, [program, ...args], {
    cwd: FOLDER,
    env,
    encoding: "utf8",
  });
  return { status: ran.status, output: ran.stdout + ran.stderr };
}

describe("docs/start/from-upstash-ratelimit.md", () => {
  let init: ReturnType<typeof headgate>;

  beforeAll(async () => {
    makeRepository(FOLDER);
    await installPackage(FOLDER);
    write(FOLDER, { ...AROUND, ...UPSTASH.filesOf(1) });
    init = headgate("init", "--from", "upstash", "--yes");
  });

  test("headgate init --from upstash writes the rules of the page, and a second run changes nothing", () => {
    const policy = readFileSync(join(FOLDER, POLICY), "utf8");
    expect(UPSTASH.added).toContain("notes: {");
    expect(policy).toContain(UPSTASH.added);
    expect(init.output).toContain("From @upstash/ratelimit: the rules notes, visitors.");
    expect(init.status).toBe(0);
    const again = headgate("init", "--from", "upstash", "--yes");
    expect(again.output).toContain("nothing to do");
    expect(readFileSync(join(FOLDER, POLICY), "utf8")).toBe(policy);
    expect(headgate("check").status).toBe(0);
  });

  test("headgate init rejects an unknown library as a usage error", () => {
    const wrong = headgate("init", "--from", "express-rate-limit");
    expect(wrong.output).toContain('--from must be "upstash", not "express-rate-limit".');
    expect(wrong.status).toBe(2);
  });

  test("the app builds after headgate init --from upstash, and limits as before", async () => {
    const env = { ...process.env, ...settings("production") };
    await run(process.execPath, [NEXT, "build"], { cwd: FOLDER, env });
    const send = await served("start");
    expect(await send(UPSTASH.command)).toBe(UPSTASH.printed);
    const redis = cleanUp(new Redis(store.redis.url), (it) => it.disconnect());
    const keys = await redis.keys("*");
    expect(keys.filter((key) => key.startsWith("ratelimit:notes:ada:"))).toHaveLength(1);
    // Headgate has counted no request of the notes, so no request was counted twice.
    expect(keys.filter((key) => key.includes(":notes:user:"))).toEqual([]);
  });

  test("the gate that headgate init writes is the gate of both pages", () => {
    const written = readFileSync(join(FOLDER, "gate.ts"), "utf8");
    expect(UPSTASH.filesOf(3)["gate.ts"]).toBe(written);
    expect(EXPRESS.filesOf(2)["gate.ts"]).toBe(written);
    expect(EXPRESS.filesOf(2)["proxy.ts"]).toBe(UPSTASH.filesOf(3)["proxy.ts"]);
  });

  describe("with moved limits, and the files of docs/start/from-express-rate-limit.md", () => {
    const cleanUpLast = scope(afterAll);
    let send: Awaited<ReturnType<typeof served>>;

    beforeAll(async () => {
      const { [POLICY]: upstash = "", ...moved } = UPSTASH.filesOf(3);
      const { [POLICY]: express = "", ...added } = EXPRESS.filesOf(2);
      write(FOLDER, {
        ...moved,
        ...added,
        "config/upstash.ts": upstash,
        "config/express.ts": express,
        [POLICY]: BOTH_POLICIES,
      });
      rmSync(join(FOLDER, "lib/limits.ts"));
      send = await served("dev", cleanUpLast);
    });

    test("the app with moved limits prints the output of the page", async () => {
      expect(await send(UPSTASH.command)).toBe(UPSTASH.printed);
    });

    test("the app of docs/start/from-express-rate-limit.md prints the output of the page", async () => {
      expect(await send(EXPRESS.command, "203.0.113.10")).toBe(EXPRESS.printed);
      // The units of a correct password are refunded.
      const right = EXPRESS.command.replace("a guess", "open sesame").replace("[1-4]", "[1-6]");
      expect(await send(right, "203.0.113.11")).toBe("204\n".repeat(6));
    });
  });
});
