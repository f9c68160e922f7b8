// A process whose workers take turns in critical sections, until it gets a signal.
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

// This pipe closes when the parent ends, also when it is killed and cannot stop its children.
process.stdin.resume().once("end", () => process.exit());

/** Writes the name of the last holder: a later holder's entry is never before an earlier one's. */
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
      // The worker prints this, so that the test can stop the process within the section.
      process.stdout.write(`in ${lock.fence}\n`);
      await redis.incr(done);
      // One write goes to an unguarded resource, and one to a guarded resource.
      await redis.rpush(plain, lock.fence);
      await locks.fencedRun(lock, ENTER, [fenced], [lock.fence]);
    } catch (error) {
      process.stderr.write(`${String(error)}\n`);
    }
  }
}

await Promise.all(Array.from({ length: Number(values.workers) }, work));
