import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { recordRunningStore } from "#lib/server/running-store";
import { startCluster } from "../support/cluster.ts";
import { callCommand } from "../support/call-command.ts";
import { liveStore } from "../support/live-store.ts";
import { scope } from "../support/scope.ts";
import { inspectedApps, SECRET } from "../support/inspected-apps.ts";

const live = liveStore();
const cleanUp = scope();
const { project, restEnv, appOf } = inspectedApps(live);

describe("finding the store", () => {
  const used = /search:user\|ip:day {2}1 used of 3/;

  test("the store is found by REDIS_URL of an .env file, over TCP, with the derived secret", async () => {
    const url = `redis://127.0.0.1:${live.store.redis.port}`;
    const root = project({ ".env.production": `REDIS_URL=${url}\n` });
    const { send } = await appOf(root, { REDIS_URL: url });
    await send("203.0.113.17");
    const { stdout } = await callCommand(root, {}, "inspect", "--ip", "203.0.113.17");
    expect(stdout).toMatch(used);
  });

  test("the store is found on a Redis Cluster", async () => {
    const cluster = cleanUp(await startCluster(), (it) => it.stop());
    const env = { REDIS_URL: cluster.url, HEADGATE_CLUSTER: "1", HEADGATE_SECRET: SECRET };
    const root = project();
    const { send } = await appOf(root, env);
    await send("203.0.113.18");
    const args = ["--ip", "203.0.113.18"];
    expect((await callCommand(root, env, "inspect", ...args)).stdout).toMatch(used);
    const { stdout } = await callCommand(root, env, "reset", ...args, "--yes");
    expect(stdout.match(/^freed /gm)).toHaveLength(2);
  });

  test("the store is that of the app that runs in the folder, in development, with the secret that it made", async () => {
    const root = project();
    const { HEADGATE_SECRET, ...variables } = restEnv();
    const chosen = { line: "a store", variables, stop: async () => {} };
    const about = { mode: "development", secret: HEADGATE_SECRET } as const;
    cleanUp(recordRunningStore(root, chosen, about), (it) => it.stop());
    const note = readFileSync(join(root, ".headgate", "store.json"), "utf8");
    expect(JSON.parse(note)).toMatchObject({ secret: SECRET });
    const { send } = await appOf(root, { ...restEnv(), NODE_ENV: "development" });
    await send("203.0.113.19");
    const { stdout } = await callCommand(root, {}, "inspect", "--ip", "203.0.113.19");
    expect(stdout).toMatch(used);
  });

  test("a command requires the secret of an app whose secret is set elsewhere", async () => {
    const root = project();
    const { HEADGATE_SECRET: _, ...variables } = restEnv();
    const chosen = { line: "a store", variables, stop: async () => {} };
    cleanUp(recordRunningStore(root, chosen, { mode: "production", isSecretSet: true }), (it) =>
      it.stop(),
    );
    const { status, stderr } = await callCommand(root, {}, "inspect", "--ip", "203.0.113.19");
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^ENV_INVALID: HEADGATE_SECRET must be the same as for the app/),
    ]);
  });
});
