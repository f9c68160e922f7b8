// Runs the commands of README.md and of docs that tests/support/page-commands/ways.ts gives to this test.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT, type RunningApp, startApp } from "../support/app.ts";
import { installPackage } from "../support/built-package.ts";
import { startCluster } from "../support/cluster.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { type CommandBlock, commandBlocks } from "../support/page-commands/blocks.ts";
import { commandsBy } from "../support/page-commands/commands.ts";
import { Projects, SAMPLE } from "../support/page-commands/projects.ts";
import { complaintsOfBlocks, curlTo } from "../support/page-commands/run-blocks.ts";
import { runServer } from "../support/page-commands/server.ts";
import { servePolicy } from "../support/page-commands/serve-policy.ts";
import type { Step } from "../support/page-commands/shell.ts";
import { wayOf } from "../support/page-commands/ways.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const BLOCKS = commandBlocks();

describe("the commands of the docs", () => {
  /** A folder within the tree finds the packages of the tree. */
  const folder = join(ROOT, ".headgate", `docs-commands-${process.pid}`);
  const projects = new Projects(folder);
  const SECRETS = {
    HEADGATE_SECRET: "a secret of the tests, long enough",
    AUTH_SECRET: "a secret of the tests' own tokens, long enough",
  };
  let store: TestStore;
  let sample: RunningApp;

  beforeAll(async () => {
    await buildOnce(ROOT, () => {});
    // An app with the source of the package would compile it for each command.
    await installPackage(folder);
    store = await startStore();
    for (const [name, value] of Object.entries(SECRETS)) vi.stubEnv(name, value);
    sample = await startApp({ ...variables(), HEADGATE_NAMESPACE: SAMPLE });
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await sample?.stop();
    await store?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const variables = () => ({
    ...SECRETS,
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
    HEADGATE_STORE_DEADLINE_MS: "10000",
    CLIENT_IP_FROM: "hops:1",
  });

  const pages = [...new Set(commandsBy("docs-commands").map(({ page }) => page))];

  test.each(pages.map((page, at) => [page, `198.51.100.${at + 1}`]))(
    "the commands of %s run, and print what the page shows",
    async (page, address) => {
      await useUp("203.0.113.7");
      const blocks = BLOCKS.filter((block) => block.page === page);
      const steps = new Map<string, Step>();
      for (const block of blocks) {
        for (const command of block.commands) {
          if (wayOf(page, command)?.by === "docs-commands")
            steps.set(command, await stepOf(command, block));
        }
      }
      const env = { ...variables(), CLIENT_ADDRESS: address };
      expect(await complaintsOfBlocks(blocks, (command) => steps.get(command), env)).toEqual([]);
    },
  );

  /** Sends searches from an address, which the pages inspect, until one is denied. */
  async function useUp(address: string): Promise<void> {
    const request = { method: "POST", headers: { "x-forwarded-for": address } };
    for (let sent = 0; sent < 11; sent += 1) await fetch(`${sample.url}/api/search`, request);
  }

  async function stepOf(command: string, block: CommandBlock): Promise<Step> {
    const isOfSample = block.commands.some((each) => /\bnpm run\b|\bapp\//.test(each));
    const project = await projects.for(block.page, command);
    const env = { HEADGATE_NAMESPACE: project.namespace };
    if (command.startsWith("npx headgate ")) return { command, folder: project.folder, env };
    const place = { folder: isOfSample ? ROOT : folder };
    if (!/\bcurl\b/.test(command)) return { command, ...place };
    const own = isOfSample ? undefined : await projects.of(block.page);
    const given = { ...variables(), ...env };
    const app = own && cleanUp(await servePolicy(own.policy, given), (it) => it.stop());
    return { command: curlTo((app ?? sample).url, command, block), ...place };
  }

  test.each([...new Set(commandsBy("server").map(({ command }) => command))])(
    "%s serves until it is stopped",
    async (command) => {
      const isCluster = command.includes("HEADGATE_CLUSTER=1");
      const redis = isCluster ? cleanUp(await startCluster(), (it) => it.stop()) : store.redis;
      const here = command
        .replace("…", store.token)
        .replace("http://127.0.0.1:8079", store.url)
        .replace(/rediss?:\/\/\S+/, redis.url);
      const env = { REDIS_URL: redis.url, GATEWAY_PORT: "0", TOKEN: store.token };
      const { status, expected } = await runServer(here, env);
      expect(status).toBe(expected);
    },
  );
});
