// A process whose workers take turns in critical sections, until it is told to stop.
import { parseArgs } from "node:util";
import { fencedScript } from "#lib/lock/locks";
import { makeTools } from "../support/tools.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "" },
    token: { type: "string", default: "" },
    namespace: { type: "string", default: "" },
    workers: { type: "string", default: "5" },
    ttl: { type: "string", default: "300" },
  },
});

/** Writes who was there, last: what a later holder wrote is never before it. */
const ENTER = fencedScript(`return redis.call("RPUSH", KEYS[1], ARGV[1])`);

const { locks, redis, keys } = makeTools(
  { url: values.url, token: values.token },
  fetch,
  values.namespace,
);
const ttl = Number(values.ttl) / 1000;
const fenced = keys.grouped("soak", "fenced", "log");
const plain = keys.grouped("soak", "plain", "log");
const done = keys.grouped("soak", "done", "count");

async function work(): Promise<void> {
  for (;;) {
    try {
      await using lock = await locks.acquire("section", { ttl, wait: "1 minute" });
      // Said, so that whoever stops this process can do so within the section.
      process.stdout.write(`in ${lock.fence}\n`);
      await redis.incr(done);
      // As a resource without a guard takes it, and as one with it.
      await redis.rpush(plain, lock.fence);
      await locks.fencedRun(lock, ENTER, [fenced], [lock.fence]);
    } catch (error) {
      process.stderr.write(`${String(error)}\n`);
    }
  }
}

await Promise.all(Array.from({ length: Number(values.workers) }, work));
