import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pack } from "#lib/cli/pack";
import { ROOT, type RunningApp, startProgram } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";
import { sign } from "../support/sign.ts";

const cleanUp = scope();

/** A folder outside the tree: no node_modules lies above it. */
let folder: string;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "headgate-packed-")));
  await pack(ROOT, folder, () => {});
});
afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** This Node, and the one that a machine has beside it: Node 20 is enough for a package. */
const NODES = [...new Set([process.execPath, ...systemNodes()])];

function systemNodes(): string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const nodes = folders.map((it) => join(it, "node")).filter((it) => !it.includes("node_modules"));
  return nodes
    .filter((it) => existsSync(it))
    .slice(0, 1)
    .map((it) => realpathSync(it));
}

const times = (n: number, status: number) => Array.from({ length: n }, () => status);

/** Starts a program of the package with no more of an environment than it is given. */
async function start(
  env: Readonly<Record<string, string>>,
  { program = "server.mjs", node = process.execPath, cwd = tmpdir() } = {},
): Promise<RunningApp> {
  const child = spawn(node, [join(folder, program)], {
    cwd,
    env: { PORT: "0", HEADGATE_STORE_DEADLINE_MS: "10000", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = await untilReady(child);
  return cleanUp(
    {
      ...output,
      async stop(signal: NodeJS.Signals = "SIGTERM") {
        if (child.exitCode === null && child.signalCode === null) {
          child.kill(signal);
          await once(child, "exit");
        }
        return child.exitCode;
      },
    },
    (it) => it.stop("SIGKILL"),
  );
}
