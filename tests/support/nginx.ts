import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildOnce } from "#app/_programs/build";
import { findProgram } from "#lib/server/find-program";
import { ROOT, type RunningApp, startApp } from "./app.ts";
import type { TestStore } from "./gateway.ts";
import type { Instance, Target } from "./target.ts";

/** A real nginx on a free loopback port. */
export interface RunningNginx {
  readonly url: string;
  readonly port: number;
  /** The log of nginx: errors and warnings. */
  output(): string;
  /** A line for each request: the tried instances, the status of each, and the status for the client. */
  tries(): string[];
  /** Replaces the site on the same port. Resolves when the workers of the former site have ended. */
  reload(site: (port: number) => string): Promise<void>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Returns the site of docs/guides/nginx.md with the ports of a test.
 *
 * @param instances the addresses of the two instances
 */
export function documentedSite(instances: readonly [string, string], port: number): string {
  const page = readFileSync(join(ROOT, "docs", "guides", "nginx.md"), "utf8");
  const site = /```nginx\n(.*?)```/s.exec(page)?.[1] ?? "";
  return replaceOnce(
    replaceOnce(replaceOnce(site, "127.0.0.1:3001", instances[0]), "127.0.0.1:3002", instances[1]),
    "listen 80;",
    `listen 127.0.0.1:${port};`,
  );
}

function replaceOnce(text: string, words: string, by: string): string {
  const parts = text.split(words);
  if (parts.length !== 2) throw new Error(`docs/guides/nginx.md must contain ${words} once`);
  return parts.join(by);
}

/** Starts nginx with a site. It tries another port when another process took the free one. */
export async function startNginx(site: (port: number) => string): Promise<RunningNginx> {
  const program = findProgram("nginx");
  if (!program) throw new Error("The tests need nginx: npm test installs it where it may.");
  for (let attempt = 0; ; attempt += 1) {
    const started = await tryNginx(program, site, await freePort());
    if (started) return started;
    if (attempt >= 5) throw new Error(`${program} did not start`);
  }
}

async function tryNginx(
  program: string,
  site: (port: number) => string,
  port: number,
): Promise<RunningNginx | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "headgate-nginx-"));
  const config = join(folder, "nginx.conf");
  writeFileSync(config, mainConfig(folder, site(port)));
  const child = spawn(program, ["-p", folder, "-c", config, "-e", "stderr"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  running.add(child);
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    running.delete(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const says = (words: RegExp) => heard(child, () => words.test(output));
  // nginx has bound its port before it starts a worker.
  if (!(await says(/start worker process \d/))) {
    await stop();
    if (output.includes("Address already in use")) return undefined;
    throw new Error(`nginx did not start:\n${output}`);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    output: () => output,
    tries: () => readFileSync(join(folder, "tries.log"), "utf8").trim().split("\n"),
    async reload(next) {
      const [worker] =
        /(?<=start worker process )\d+(?!.*start worker process)/s.exec(output) ?? [];
      writeFileSync(config, mainConfig(folder, next(port)));
      child.kill("SIGHUP");
      await says(new RegExp(`worker process ${worker} exited`));
    },
    stop,
  };
}

/** Resolves to true if the awaited output came before the process ended. */
async function heard(child: ChildProcess, isSaid: () => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      if (isSaid()) settle(true);
    };
    const ended = () => settle(isSaid());
    const settle = (said: boolean) => {
      child.stderr?.off("data", look);
      child.off("close", ended);
      resolve(said);
    };
    child.stderr?.on("data", look);
    child.once("close", ended);
    look();
  });
}

function mainConfig(folder: string, site: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
    daemon off;
    worker_processes 1;
    pid ${folder}/nginx.pid;
    error_log stderr notice;
    ${process.getuid?.() === 0 ? "user root;" : ""}
    events {}
    http {
      log_format tries '$upstream_addr | $upstream_status | $status';
      access_log ${folder}/tries.log tries;
      ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n      ")}
      ${site}
    }
  `;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** Starts two instances of the app over one store, for a proxy in front of them. */
export async function startTwo(
  store: Pick<TestStore, "url" | "token">,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly [RunningApp, RunningApp]> {
  const start = () =>
    startApp({
      UPSTASH_REDIS_REST_URL: store.url,
      UPSTASH_REDIS_REST_TOKEN: store.token,
      CLIENT_IP_FROM: "hops:1",
      ...env,
    });
  const first = await start();
  try {
    return [first, await start()];
  } catch (error) {
    await first.stop();
    throw error;
  }
}

/** Returns the addresses of two instances as upstreams of nginx. */
export function hostsOf([first, second]: readonly [RunningApp, RunningApp]): [string, string] {
  return [new URL(first.url).host, new URL(second.url).host];
}

/** The header by which a proxy in front of nginx would name the client. Here the test sets it. */
const OUTER_HOP = "x-test-client";

/** Two instances behind nginx, which sends requests to them in turn. */
export const behindNginx: Target = {
  name: "two instances behind nginx",
  from: (address) => ({ [OUTER_HOP]: address }),
  async build() {
    await buildOnce(ROOT, () => {});
  },
  async start(store, env): Promise<Instance> {
    const apps = await startTwo(store, env);
    const stopApps = () => Promise.all(apps.map((app) => app.stop()));
    const trusted = `set_real_ip_from 127.0.0.1; real_ip_header ${OUTER_HOP};`;
    try {
      const nginx = await startNginx((port) => trusted + documentedSite(hostsOf(apps), port));
      return {
        url: nginx.url,
        output: () => [...apps, nginx].map((it) => it.output()).join("\n"),
        async stop() {
          await nginx.stop();
          return stopApps();
        },
      };
    } catch (error) {
      await stopApps();
      throw error;
    }
  },
};
