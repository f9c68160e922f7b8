import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { packageName } from "#lib/server/package-name";
import { pack } from "#app/_programs/pack";
import { namespaceOf } from "#lib/core/namespace";
import { ROOT, type RunningApp, START, startProgram } from "../support/app.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";
import { namespacesOf, totalled } from "../support/tracking.ts";

const cleanUp = scope();

let packed = "";
let store: TestStore;
let direct: Direct;

beforeAll(async () => {
  await buildOnce(ROOT, () => {});
  packed = mkdtempSync(join(tmpdir(), "headgate-packed-"));
  await pack(ROOT, packed, () => {});
  store = await startStore();
  direct = new Direct(store.redis.url);
});
afterAll(async () => {
  direct?.disconnect();
  await store?.stop();
  rmSync(packed, { recursive: true, force: true });
});

const name = packageName(ROOT);
const PRODUCTION = namespaceOf({ HEADGATE_APP: name, NODE_ENV: "production" }).name;
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

const byRest = () => ({ UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token });
const byTcp = () => ({ REDIS_URL: store.redis.url });

type Variables = Readonly<Record<string, string>>;

async function start(args: readonly string[], env: Variables): Promise<RunningApp> {
  const variables = { PORT: "0", CLIENT_IP_FROM: "hops:1", ...env };
  return cleanUp(await startProgram(args, variables), (it) => it.stop());
}

const ENTRIES: readonly [string, () => readonly string[], () => Variables][] = [
  ["npm start by REST", () => START, byRest],
  ["the packed server", () => [join(packed, "server.mjs")], byTcp],
  ["next start", () => [NEXT, "start", "-p", "0", "-H", "127.0.0.1"], byRest],
];

test.each(ENTRIES)(
  "middleware and handlers under %s use the same namespace",
  async (_, args, env) => {
    const app = await start(args(), env());
    expect(await namespacesOf(app, direct)).toEqual([PRODUCTION]);
    expect(app.output()).not.toContain("HEADGATE_NAMESPACE");
  },
);

test.each<[string, Variables, string]>([
  ["no namespace set", {}, PRODUCTION],
  ["a namespace set", { HEADGATE_NAMESPACE: "shop" }, "shop"],
])(
  "middleware, handlers and npm run analytics use the same namespace under npm start by REDIS_URL with %s",
  async (_, given, expected) => {
    const app = await start(START, { ...byTcp(), ...given });
    // This empties Redis and tracks one event.
    expect(await namespacesOf(app, direct)).toEqual([expected]);
    expect(app.output()).not.toContain("HEADGATE_NAMESPACE");
    expect(await totalled({ ...byTcp(), ...given })).toBe("1 totalled, 0 set aside");
  },
);
