import { setTimeout as pause } from "node:timers/promises";
import type { HeadgateEvent } from "#lib/core/events";
import { createDedup } from "#lib/dedup/dedup";
import { createLocks } from "#lib/lock/locks";
import { type Instance, LIMIT, type World } from "./world.ts";

/** The measurements by which a case is judged. */
export interface Measured {
  /** The time in the gate, in milliseconds, while the fault lasted. */
  readonly requests: readonly {
    readonly at: number;
    readonly ms: number;
    readonly instance: Instance;
  }[];
  /** How many limits, claims and locks the store did not decide, while the fault lasted. */
  readonly degraded: number;
  /** Responses of 500 or more that no rule causes. */
  readonly wrong: readonly string[];
  /** The most requests of one client that were allowed beyond the bound. */
  readonly overBound: number;
  /** Events that the store reported as first to two callers. */
  readonly countedTwice: number;
  /** Locks that two callers held at once. */
  readonly heldTwice: number;
}

const LEASE_SECONDS = 2;
const CLIENTS = 20;

/** Sends requests of every kind to a world, until `stop` is called. */
export function startLoad(world: World) {
  const load = { isRunning: true, isMeasuring: false };
  const requests: Measured["requests"][number][] = [];
  const wrong: string[] = [];
  const inStore = new Map<string, number>();
  const inProcess = new Map<string, number>();
  const firsts = new Map<string, number>();
  const holders = new Map<string, { until: number }>();
  let heldTwice = 0;
  let degraded = 0;

  const oneMore = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const noteFailure = () => {
    if (load.isMeasuring) degraded += 1;
  };
  const loops: Promise<void>[] = [];
  const loop = (work: (round: number) => Promise<void>) => {
    loops.push(
      (async () => {
        for (let round = 0; load.isRunning; round += 1) {
          await work(round);
          await pause(4);
        }
      })(),
    );
  };

  const ask = async (instance: Instance, path: string, client: string) => {
    const abort = new AbortController();
    const request = new Request(`http://app.example${path}`, {
      headers: { "x-forwarded-for": client },
      signal: abort.signal,
    });
    const at = performance.now();
    const pending = instance.guard(request, { waitUntil: () => {} });
    if (world.isAborting) abort.abort();
    const { status } = await pending;
    if (load.isMeasuring) requests.push({ at, ms: performance.now() - at, instance });
    const isAskedFor = path === "/closed" && status === 503;
    if (status >= 500 && !isAskedFor) wrong.push(`${path} ${status}`);
  };

  const decide = async (
    instance: Instance,
    at: number,
    rule: "counted" | "local",
    client: string,
  ) => {
    const { allowed, counted } = await instance.limits.limit(rule, { ip: client });
    if (counted !== "in-store") noteFailure();
    if (!allowed) return;
    if (counted === "in-store") oneMore(inStore, `${rule} ${client}`);
    if (counted === "in-process") oneMore(inProcess, `${at} ${rule} ${client}`);
  };

  for (const [at, instance] of world.instances.entries()) {
    // Some clients are soon over their limits, and others are always new: a denial writes nothing.
    const clientOf = (round: number) =>
      round % 2 === 0
        ? `198.51.100.${(round / 2) % CLIENTS}`
        : `10.${at}.${(round >> 8) & 255}.${round & 255}`;
    for (let i = 0; i < 3; i += 1) {
      loop((round) => ask(instance, i === 2 ? "/closed" : "/passing", clientOf(round)));
    }
    loop((round) => decide(instance, at, "counted", clientOf(round)));
    loop((round) => decide(instance, at, "local", clientOf(round)));
    loopDedup(instance);
    loopLocks(instance);
  }

  /** Both instances claim the same events, each event once. */
  function loopDedup(instance: Instance): void {
    let hasFailed = false;
    const emit = ({ kind }: HeadgateEvent) => {
      if (kind !== "failure") return;
      hasFailed = true;
      noteFailure();
    };
    const dedup = createDedup({ ...instance.parts, emit });
    loop(async (round) => {
      hasFailed = false;
      const isFirst = await dedup.shouldTrackEvent(`event ${round}`, 300);
      if (isFirst && !hasFailed) oneMore(firsts, `event ${round}`);
    });
  }

  function loopLocks(instance: Instance): void {
    const locks = createLocks({
      ...instance.parts,
      emit: ({ kind }) => kind === "failure" && noteFailure(),
    });
    loop(async (round) => {
      const key = `lock ${round % 3}`;
      const pending = performance.now();
      const token = await locks.acquireLock(key, LEASE_SECONDS);
      if (token === null) return;
      const holder = { until: pending + LEASE_SECONDS * 1000 };
      if ((holders.get(key)?.until ?? 0) > performance.now()) heldTwice += 1;
      holders.set(key, holder);
      await pause(3);
      if (holders.get(key) === holder) holders.delete(key);
      await locks.releaseLock(key, token);
    });
  }

  const most = (counts: Map<string, number>) => Math.max(0, ...counts.values());
  return {
    measure: (isMeasuring: boolean) => (load.isMeasuring = isMeasuring),
    async stop(): Promise<Measured> {
      load.isRunning = false;
      await Promise.all(loops);
      return {
        requests,
        degraded,
        wrong,
        overBound: Math.max(0, most(inStore) - LIMIT, most(inProcess) - LIMIT),
        countedTwice: [...firsts.values()].filter((times) => times > 1).length,
        heldTwice,
      };
    },
  };
}
