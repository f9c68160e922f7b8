import { Lock as UpstashLock } from "@upstash/lock";
import { Redis as Upstash } from "@upstash/redis";
import { HeadgateError } from "#lib/core/errors";
import { makeTools } from "../../support/tools.ts";
import { sure } from "../timing.ts";
import type { BilledCase } from "./world.ts";

/** The cases of locks of handlers. */
export const LOCK_CASES: readonly BilledCase[] = [
  {
    what: "`acquireLock` and `releaseLock`",
    calls: 2,
    commands: { EVALSHA: 2, GET: 2, SET: 1, DEL: 1 },
    async prepare(world) {
      const { locks } = makeTools(world);
      return async () => {
        const token = await locks.acquireLock("sync", 30);
        sure(token !== null && (await locks.releaseLock("sync", token)));
      };
    },
  },
  {
    what: "`tryAcquire` and `release`, with a fencing token",
    calls: 2,
    commands: { EVALSHA: 2, TIME: 1, GET: 4, SET: 2, DEL: 1 },
    async prepare(world) {
      const { locks } = makeTools(world);
      return async () => {
        const lock = await locks.tryAcquire("sync");
        sure(lock !== null && (await lock.release()));
      };
    },
  },
  {
    what: "`tryAcquire` of a lock that is held",
    calls: 1,
    commands: { EVALSHA: 1, GET: 1, PTTL: 1 },
    async prepare(world) {
      const { locks } = makeTools(world);
      await locks.acquireLock("sync", 30);
      return async () => sure((await locks.tryAcquire("sync")) === null);
    },
  },
  {
    what: "a renewal (one each third of the TTL)",
    calls: 1,
    commands: { EVALSHA: 1, GET: 1, PEXPIRE: 1 },
    async prepare(world) {
      const { locks } = makeTools(world);
      // A lock that is held for one TTL at most is not renewed automatically.
      const lock = await locks.tryAcquire("sync", { maxHold: "1 second" });
      return async () => sure(lock !== null && (await lock.extend()));
    },
  },
  {
    what: "`singleFlight`, the caller that runs",
    calls: 2,
    commands: { EVALSHA: 2, TIME: 1, GET: 5, SET: 3, DEL: 1 },
    async prepare(world) {
      const { locks } = makeTools(world);
      return async () =>
        sure(!(await locks.singleFlight("sync", work, { resultTtl: 60 })).isShared);
    },
  },
  {
    what: "`singleFlight`, each look of a caller that waits",
    calls: 1,
    commands: { EVALSHA: 1, GET: 2, PTTL: 1 },
    async prepare(world) {
      const { locks } = makeTools(world);
      await locks.acquireLock("sync", 30);
      const look = () => locks.singleFlight("sync", work, { resultTtl: 60, wait: 0 });
      return async () => sure(await look().then(() => false, isNotAcquired));
    },
  },
  {
    what: "`singleFlight`, a caller that gets the result",
    calls: 1,
    commands: { EVALSHA: 1, GET: 1 },
    async prepare(world) {
      const { locks } = makeTools(world);
      const fly = () => locks.singleFlight("sync", work, { resultTtl: 60 });
      await fly();
      return async () => sure((await fly()).isShared);
    },
  },
  {
    what: "@upstash/lock: `acquire` and `release`",
    calls: 2,
    commands: { SET: 1, EVAL: 1, GET: 1, DEL: 1 },
    async prepare({ url, token, unique }) {
      const redis = new Upstash({ url, token, enableTelemetry: false });
      return async () => {
        const lock = new UpstashLock({ id: unique, redis, lease: 30_000 });
        sure((await lock.acquire()) && (await lock.release()));
      };
    },
  },
];

const work = async () => "done";

function isNotAcquired(error: unknown): boolean {
  return error instanceof HeadgateError && error.code === "LOCK_NOT_ACQUIRED";
}
