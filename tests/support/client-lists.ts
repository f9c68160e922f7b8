import { beforeEach } from "vitest";
import { createGate } from "#lib/gate";
import { createLimits } from "#lib/limits";
import type { HeadgateOptions } from "#lib/options";
import { defineConditions, defineIdentities, definePolicy } from "#lib/policy/define";
import { senderTo } from "./gate-sender.ts";
import { liveStore } from "./live-store.ts";
import { gateOptions } from "./options.ts";

export const TOKEN = "the monitor's own token";
const never = new Promise<boolean>(() => {});

const POLICY = definePolicy({
  identities: defineIdentities({
    user: (request) => request.headers.get("x-user") ?? undefined,
    account: "from-code",
  }),
  conditions: defineConditions({
    monitor: ({ headers }) => headers.get("authorization") === `Bearer ${TOKEN}`,
    slowly: async ({ headers }) => headers.get("x-slowly") === TOKEN,
    throws: ({ headers }) => {
      if (headers.has("x-throws")) throw new Error("no");
      return false;
    },
    late: ({ headers }) => (headers.has("x-late") ? never : false),
  }),
  exempt: { "/health": "requested every second" },
  allow: {
    "198.51.100.0/24": "our own network",
    "user:robot": "imports at night",
    "account:ours": "our own account",
    monitor: "checks uptime",
    slowly: "checks slowly",
    throws: "fails",
    late: "is late",
  },
  block: {
    "192.0.2.0/24": "tries stolen passwords",
    "user:mallory": "resells our data",
    "account:fraud": "does not pay",
    "user:robot": "is allowed all the same",
  },
  defaults: { headers: "always" },
  rules: {
    search: { match: "/search", limits: { ip: "2 per hour" } },
    upload: { match: "/upload", limits: { ip: "2 per hour" }, maxBody: 10 },
    code: { limits: { account: "2 per hour" } },
  },
});

export const BLOCKED = "192.0.2.7";
export const ALLOWED = "198.51.100.7";

/** Returns a function that makes gates with the lists, and one that counts scripts, on the store of a file's tests. */
export function listedGates() {
  const store = liveStore();
  beforeEach(() => store.direct.config("RESETSTAT"));

  /** Returns a gate, its limits for handlers, and its events. */
  function gate(options: Partial<HeadgateOptions> = {}) {
    const made = gateOptions(store.store);
    const all = { ...made.options, identityDeadlineMs: 50, ...options };
    const send = senderTo(createGate(POLICY, all));
    return { send, limits: createLimits(POLICY, all), events: made.events };
  }

  /** Returns how many scripts Redis has run since the test began. */
  async function scriptsRun(): Promise<number> {
    const stats = await store.direct.info("commandstats");
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }
  return { gate, scriptsRun };
}

/** Returns the headers of a client with an address. */
export const from = (ip: string, more: Record<string, string> = {}) => ({
  headers: { "x-forwarded-for": ip, ...more },
});
