import { Redis } from "ioredis";
import { readCommandStats } from "./command-stats.ts";

/** The number of billed calls of each command, by its name in capitals. */
export type Billed = Readonly<Record<string, number>>;

/**
 * Commands that Upstash does not bill, and CLIENT, which the gateway sends to set up its own connection.
 *
 * Upstash's documentation, as of November 29, 2026, says what is billed:
 * - "Costs" (https://upstash.com/docs/redis/sdks/ratelimit-ts/costs) counts the call of a script and
 *   each command inside the script.
 * - "Pricing & Billing" (https://upstash.com/docs/redis/overall/billing) counts each command of a
 *   pipeline and of a transaction, reads and writes alike, and each write once more for each read region.
 * - "Are all Redis commands counted in billing?" (https://upstash.com/pricing/redis#faq) lists the
 *   commands that are free: the ones below. TIME and SCRIPT are not among them.
 */
const NOT_BILLED: ReadonlySet<string> = new Set([
  "auth",
  "client",
  "command",
  "config",
  "hello",
  "info",
  "ping",
  "quit",
  "reset",
  "select",
]);

/** Counts the commands that Upstash would bill, on a real Redis without other users. */
export interface BillMeter {
  /** Returns all billed commands since Redis started. */
  total(): Promise<Billed>;
  /** Returns the billed commands of some work. */
  of(work: () => Promise<unknown>): Promise<Billed>;
  stop(): void;
}

/** Starts a meter, which reads INFO commandstats over a separate connection. */
export async function startBillMeter(redisUrl: string): Promise<BillMeter> {
  const redis = new Redis(redisUrl);
  await redis.ping();
  const total = async () => readBilled(await redis.info("commandstats"));
  return {
    total,
    async of(work) {
      const before = await total();
      await work();
      return difference(await total(), before);
    },
    stop: () => redis.disconnect(),
  };
}

/** Reads the billed commands from the output of INFO commandstats. */
export function readBilled(info: string): Billed {
  const stats = [...readCommandStats(info)].filter(
    ([name]) => !NOT_BILLED.has(name.split("|", 1)[0] ?? name),
  );
  return Object.fromEntries(
    stats.map(([name, { calls }]) => [name.replace("|", " ").toUpperCase(), calls]),
  );
}

function difference(after: Billed, before: Billed): Billed {
  const changes = Object.entries(after).map(([name, calls]): [string, number] => [
    name,
    calls - (before[name] ?? 0),
  ]);
  return Object.fromEntries(changes.filter(([, calls]) => calls !== 0));
}

/** Returns the number of all billed commands. */
export function sumOf(billed: Billed): number {
  return Object.values(billed).reduce((sum, calls) => sum + calls, 0);
}
