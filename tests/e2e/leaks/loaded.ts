import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll, vi } from "vitest";
import { hashPassword } from "#app/_domain/auth/passwords";
import { buildOnce } from "#app/_programs/build";
import { type InstagramStandIn, startInstagramStandIn } from "#app/_programs/instagram-stand-in";
import { NAMESPACE, ROOT, type RunningApp, startApp } from "../../support/app.ts";
import { openLive } from "../../support/dashboard.ts";
import { finderOf, type Finder } from "../../support/identifiers.ts";
import { loadAll, type LoadAnswers, METRICS_TOKEN } from "../../support/load.ts";
import { type SeenCommand, type Watch, watchRedis } from "../../support/monitor.ts";
import { startRedis, type TestRedis } from "../../support/redis.ts";
import { AUTH_SECRET, sign } from "../../support/sign.ts";
import { ACCOUNT, CLIENTS, namesOf, PASSWORD } from "./clients.ts";

export const INSTAGRAM_TOKEN = "IGQVJ-the-first-long-lived-token-of-all";
/** The beginning of the stand-in's later tokens. */
const NEXT_TOKENS = "stand-in-token-";

export type LoadedApp = ReturnType<typeof loadedApp>;

/** Starts the app, and loads all its routes with all clients, before all tests of a file. */
export function loadedApp() {
  let redis: TestRedis;
  let direct: Direct;
  let standIn: InstagramStandIn;
  let app: RunningApp;
  let watch: Watch;
  let answers: LoadAnswers;
  let find: Finder;
  let findOther: Finder;

  beforeAll(async () => {
    await buildOnce(ROOT, () => {});
    redis = await startRedis();
    direct = new Direct(redis.url);
    standIn = await startInstagramStandIn({ token: INSTAGRAM_TOKEN });
    app = await startApp({
      REDIS_URL: redis.url,
      AUTH_SECRET,
      CLIENT_IP_FROM: "hops:1",
      DEMO_ACCOUNTS: `${ACCOUNT}:${await hashPassword(PASSWORD, 1000)}`,
      INSTAGRAM_STAND_IN: standIn.url,
      INSTAGRAM_ACCESS_TOKEN: INSTAGRAM_TOKEN,
      METRICS_TOKEN,
      SAMPLE_SIGN_IN: "1",
    });
    watch = await watchRedis(redis.url);
    answers = await loadAll(app.url, CLIENTS);
    await lookAtDashboard(app.url);
    // Work after a response holds a lock until it ends.
    await vi.waitFor(() => noLocks(direct), 20_000);
    await watch.settle();
    find = finderOf([...CLIENTS.flatMap(namesOf), ...answers.tokens]);
    findOther = finderOf([INSTAGRAM_TOKEN, NEXT_TOKENS, AUTH_SECRET, PASSWORD, METRICS_TOKEN]);
  });
  afterAll(async () => {
    await app?.stop();
    watch?.stop();
    await standIn?.stop();
    direct?.disconnect();
    await redis?.stop();
  });

  return {
    get direct() {
      return direct;
    },
    get app() {
      return app;
    },
    get watch() {
      return watch;
    },
    get answers() {
      return answers;
    },
    /** Finds the name or address of a client, in any spelling. */
    find: (text: Parameters<Finder>[0]) => find(text),
    /** Finds secrets of the app. */
    findOther: (text: Parameters<Finder>[0]) => findOther(text),
  };
}

/** Opens the dashboard's stream until the dashboard has read all its data. */
async function lookAtDashboard(url: string): Promise<void> {
  const cookie = `session=${await sign({ sub: "operator", role: "admin" })}`;
  const stream = await openLive((init) =>
    fetch(`${url}/dashboard/live.sse`, { ...init, headers: { cookie } }),
  );
  await stream.snapshot(({ store }) => store.callsPerSecond !== undefined);
  stream.close();
}

/** Rejects while a lock is held. */
async function noLocks(direct: Direct): Promise<void> {
  const held = await direct.keys(`${NAMESPACE}:lock:*`);
  if (held.length > 0) throw new Error(`${held.length} locks are held.`);
}

/** Returns a command with its arguments as one line. */
export const lineOf = ({ name, args }: SeenCommand) =>
  Buffer.concat([name, ...args].flatMap((part) => [Buffer.from(part), Buffer.from(" ")]));
