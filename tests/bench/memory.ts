import { Redis } from "ioredis";
import { track } from "#app/_domain/analytics/track";
import policy from "#config/rate-limits";
import { createLimits } from "#lib/limits";
import { gateOptions } from "../support/options.ts";
import { makeTools } from "../support/tools.ts";
import { startServed } from "./served.ts";
import { say } from "./report/progress.ts";
import type { Report } from "./report/types.ts";
import { wantedOne } from "./report/wanted.ts";

/** The volumes of the requirements, and their wanted memory. */
const CLIENTS = 1000;
const EVENTS = 5000;
const LOCKS = 10;
const REQUIRED_MB = 5;
const MIB = 1024 * 1024;

/** The number of searches of each client. The size of a limit's key grows with it. */
const SEARCHES = 5;
const ARTISTS = 50;

/** Measures the memory of the requirements' volumes in an empty Redis, written like the app writes them. */
export async function benchMemory(): Promise<Report> {
  const store = await startServed();
  const redis = new Redis(store.redisUrl);
  try {
    const rows: Row[] = [];
    for (const [what, write] of Object.entries(volumesOn(store))) {
      say(`writing: ${what} ...`);
      // Scripts and connections exist first, because only keys are measured.
      await write(0);
      const before = await standOf(redis);
      const count = await writeAll(what, write);
      const after = await standOf(redis);
      const bytes = after.bytes - before.bytes;
      rows.push({ what, count, keys: after.keys - before.keys, bytes });
    }
    const withoutEnd = await keysWithoutEnd(redis);
    return reportOf(rows, withoutEnd);
  } finally {
    redis.disconnect();
    await store.stop();
  }
}

const VOLUMES: Readonly<Record<string, number>> = {
  "limit keys": CLIENTS,
  events: EVENTS,
  locks: LOCKS,
};

type Write = (n: number) => Promise<unknown>;

function volumesOn(store: { url: string; token: string }): Readonly<Record<string, Write>> {
  const tools = makeTools(store);
  const { limit } = createLimits(policy, gateOptions(store).options);
  return {
    "limit keys": async (n) => {
      for (let i = 0; i < SEARCHES; i += 1) {
        const { reason } = await limit("search", { ip: `2001:db8:0:${n}::1` });
        if (reason !== "within-limit") throw new Error(`A search was not counted: ${reason}`);
      }
    },
    events: (n) =>
      track(tools, {
        type: "profile_view",
        artistId: `artist-${n % ARTISTS}`,
        sessionId: `session-${n}`,
      }),
    locks: (n) => tools.locks.acquireLock(`lock-${n}`, 300),
  };
}

async function writeAll(what: string, write: Write): Promise<number> {
  const count = VOLUMES[what] ?? 0;
  for (let n = 1; n <= count; n += 50) {
    const batch = Array.from({ length: Math.min(50, count - n + 1) }, (_, i) => write(n + i));
    await Promise.all(batch);
  }
  return count;
}

async function standOf(redis: Redis): Promise<{ bytes: number; keys: number }> {
  const bytes = Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]);
  return { bytes, keys: await redis.dbsize() };
}

async function keysWithoutEnd(redis: Redis): Promise<number> {
  const keys = await redis.keys("*");
  const ttls = await Promise.all(keys.map((key) => redis.pttl(key)));
  return ttls.filter((ttl) => ttl < 0).length;
}

interface Row {
  readonly what: string;
  readonly count: number;
  readonly keys: number;
  readonly bytes: number;
}

function reportOf(rows: readonly Row[], withoutEnd: number): Report {
  const total = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    data: { rows, withoutEnd },
    figures: { total: `${(total / MIB).toFixed(1)} MB` },
    tables: [
      {
        title: "used_memory of an empty redis-server, before and after:",
        head: ["what", "count", "keys", "kB", "bytes a key"],
        rows: rows.map(({ what, count, keys, bytes }) => [
          what,
          count,
          keys,
          (bytes / 1024).toFixed(0),
          Math.round(bytes / keys),
        ]),
      },
    ],
    wanted: [
      wantedOne("limit keys, events and locks together", "under", REQUIRED_MB, total / MIB, "MB"),
      wantedOne("keys without a time to live", "at most", 0, withoutEnd),
    ],
  };
}
