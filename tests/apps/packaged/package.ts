import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { pack } from "#app/_programs/pack";
import { ROOT } from "../../support/app.ts";
import { startStore } from "../../support/gateway.ts";
import { MACHINE } from "../../support/machine.ts";
import { scope } from "../../support/scope.ts";

export type Variables = Readonly<Record<string, string>>;

export type PackedApp = ReturnType<typeof packedApp>;

/** Packs the app into a folder for all tests of a file. */
export function packedApp() {
  const cleanUp = scope();
  // A folder outside the tree has no node_modules above it.
  let folder = "";

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "headgate-packed-")));
    await pack(ROOT, folder, () => {});
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Starts a program of the package with the given variables, and with no others. */
  function launch(
    env: Variables,
    program = "server.mjs",
    node = process.execPath,
    options: readonly string[] = [],
  ) {
    const child = spawn(node, [...options, join(folder, program)], {
      cwd: tmpdir(),
      env: {
        NODE_COMPILE_CACHE: MACHINE.NODE_COMPILE_CACHE,
        NODE_ENV: "production",
        HEADGATE_STORE_DEADLINE_MS: "10000",
        PORT: "0",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const closed = once(child, "close").then(() => child.exitCode);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    }
    cleanUp(child, async (it) => {
      it.kill("SIGKILL");
      await closed;
    });
    return {
      closed,
      hasEnded: () => child.exitCode !== null || child.signalCode !== null,
      output: () => output,
      stop: () => {
        child.kill("SIGTERM");
        return closed;
      },
    };
  }

  /** Starts a program, and waits until it is ready. */
  async function start(...args: Parameters<typeof launch>) {
    const launched = launch(...args);
    const address = () => /^ready +(http:\S+)$/m.exec(launched.output())?.[1];
    await expect.poll(() => launched.hasEnded() || address()).toBeTruthy();
    const url = address();
    if (url === undefined) throw new Error(`it ended:\n${launched.output()}`);
    return { ...launched, url };
  }

  /** Returns the variables of a new store. */
  async function storeVariables(): Promise<Variables> {
    const store = cleanUp(await startStore(), (it) => it.stop());
    return { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token };
  }

  return {
    /** Cleans up after the test, in reverse order with the programs. */
    cleanUp,
    launch,
    start,
    storeVariables,
    get folder() {
      return folder;
    },
  };
}

/** Returns a status several times. */
export const times = (n: number, status: number) => Array.from({ length: n }, () => status);

/** Sends searches at once, and returns their statuses in order. */
export async function searches(
  urls: readonly string[],
  headers: Variables = {},
): Promise<number[]> {
  const responses = urls.map((url) => fetch(`${url}/api/search`, { method: "POST", headers }));
  return (await Promise.all(responses)).map(({ status }) => status).toSorted((a, b) => a - b);
}
