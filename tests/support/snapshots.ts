import { beforeEach } from "vitest";
import { rulesInWords } from "#lib/dashboard/rules";
import { Snapshots } from "#lib/dashboard/snapshots";
import { compilePolicy } from "#lib/policy/check/compile";
import type { StoreError } from "#lib/redis/errors";
import { keyNames } from "#lib/redis/keys";
import type { Requester, UpstashRequest } from "#lib/redis/upstash-protocol";

export const NOON = Date.UTC(2026, 10, 29, 12);

const policy = compilePolicy({
  identities: { plan: () => "free" },
  rules: {
    search: { match: "/api/search", limits: { ip: "10 per minute" } },
    trial: {
      match: "/api/trial",
      limits: { ip: "5 per hour" },
      mode: "shadow",
      onStoreFailure: "deny",
    },
    tiers: {
      match: "/api/tiers",
      cost: 2,
      tiers: { plan: { free: { ip: "10 per minute" }, pro: { ip: "2000 per day" } } },
    },
  },
});

const nameOf = (key: string) => key.replace(/^.*:\{(?:counters|control)\}:/, "");

/** A store that has the given hashes and reports nothing about itself, and a clock. */
class SnapshotStore {
  now = NOON + 30_000;
  /** The versions of what is set that were followed. */
  readonly followed: string[] = [];
  setMode: "off" | undefined;
  hashes: Record<string, readonly (string | number)[]> = {};
  failure: Error | undefined;
  probeError: StoreError | undefined;
  calls: string[] = [];
  /** Delays the answer to the next call for the cumulative counters. */
  held: Promise<void> | undefined;
  /** True when the hour before cannot be read. */
  pastFails = false;
  /** How long each hour takes to read, in milliseconds. */
  hourMs = 0;

  async answer({ body }: UpstashRequest): Promise<unknown> {
    if (this.failure) throw this.failure;
    const commands = body as readonly (readonly string[])[];
    this.calls.push(commands.map(([name, key = ""]) => `${name} ${nameOf(key)}`).join());
    const answers = this.answersTo(commands);
    const isPast = this.calls.at(-1)?.includes(`minutes:${NOON - 3_600_000}`);
    if (this.pastFails && isPast) throw new Error("late");
    this.now += this.hourMs * commands.filter(([, key = ""]) => key.includes("minutes:")).length;
    if (commands[0]?.[1]?.endsWith("totals")) await this.held;
    return answers;
  }

  answersTo(commands: readonly (readonly string[])[]) {
    return commands.map(([name, key = ""]) => {
      if (name === "DBSIZE") return { result: 20_000 };
      if (name === "INFO") return { result: "used_memory:1000\r\nmaxmemory:0\r\n" };
      const found = (this.hashes[nameOf(key)] ?? []).map(String);
      return { result: name === "GET" ? (found[0] ?? null) : found };
    });
  }

  /** Makes the snapshots of an instance on this store. */
  snapshots(): Snapshots {
    return new Snapshots(
      {
        requester: { request: (request) => this.answer(request) } as Requester,
        keys: keyNames("test"),
        probe: async () => ({
          roundTripMs: 1.2345,
          ...(this.probeError && { error: this.probeError }),
        }),
        namespace: "test",
        mode: "enforce",
        entries: {
          follow: async (version) => void this.followed.push(version),
          mode: () => this.setMode,
        },
        rules: rulesInWords(policy),
        isCluster: false,
        rateSpanMs: 10_000,
      },
      () => this.now,
      () => this.now,
    );
  }

  /** How often the cumulative counters were read. */
  readings(): number {
    return this.calls.filter((call) => call.includes("HGETALL totals")).length;
  }
}

/** Returns a store for the tests of a file, which is new before each test. */
export function snapshotStore(): SnapshotStore {
  const store = new SnapshotStore();
  beforeEach(() => void Object.assign(store, new SnapshotStore()));
  return store;
}
