import { Redis } from "ioredis";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { keyNames } from "#lib/redis/keys";
import { clientEntry, writeEntries } from "../support/live-gate.ts";

const ENTRIES = 10_000;

/**
 * Sets 10,000 entries for the benchmark's middleware: half of them block networks, a quarter block clients, and
 * a quarter set another limit for a client. No entry is about a client of the benchmark.
 */
export async function setEntries(redisUrl: string): Promise<void> {
  const keyedHash = createKeyedHash("a secret of the benchmark, long enough");
  const entries = Array.from({ length: ENTRIES }, (_, i) => {
    const client = () => clientEntry({ keyedHash }, "ip", `10.200.${i >> 8}.${i & 255}`);
    if (i % 2 === 0) return { kind: "block", network: `10.${i >> 8}.${i & 255}.0/24` };
    if (i % 4 === 1) return { kind: "block", ...client() };
    return { kind: "override", rule: "api", to: "2x", ...client() };
  });
  const redis = new Redis(redisUrl);
  await writeEntries(redis, { keys: keyNames("bench") }, Object.fromEntries(entries.entries()));
  redis.disconnect();
}
