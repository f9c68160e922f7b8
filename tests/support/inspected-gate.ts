import { randomUUID } from "node:crypto";
import { createHeadgate, type GateSettings } from "#lib/create";
import { fromEnv } from "#lib/env";
import { type ClientQuery, inspectClient } from "#lib/inspect";
import { definePolicy } from "#lib/policy/define";

export const POLICY = definePolicy({
  identities: {
    user: ({ headers }: Request) => headers.get("x-user") ?? undefined,
    account: "from-code",
    plan: ({ headers }: Request) => headers.get("x-plan") ?? undefined,
  },
  rules: {
    api: { match: "/api/:path*", limits: { ip: "200 per day", global: "5000 per day" } },
    search: { match: "/api/search", limits: { "user|ip": "3 per day" }, algorithm: "sliding-log" },
    plans: {
      match: "/api/plans",
      tiers: { plan: { free: { "user|ip": "2 per day" }, pro: { "user|ip": "20 per day" } } },
    },
    trial: { match: "/api/trial", limits: { "user|ip": "1 per day" }, mode: "shadow" },
    part: { match: "/api/part", limits: { "user|ip": "9 per day" }, mode: "50%" },
    drawn: { limits: { ip: "9 per day", account: "9 per day" }, mode: "50%" },
    login: { limits: { "ip+account": "5 per day", account: "9 per day" }, cost: 2 },
  },
});

/** Makes a gate with a namespace that no other gate has. */
export function gateOn(store: { url: string; token: string }, more: Partial<GateSettings> = {}) {
  const { missing: _, ...settings } = fromEnv({
    UPSTASH_REDIS_REST_URL: store.url,
    UPSTASH_REDIS_REST_TOKEN: store.token,
    HEADGATE_SECRET: "a secret of the tests, long enough",
    HEADGATE_NAMESPACE: `inspect${process.pid}-${randomUUID().slice(0, 8)}`,
    HEADGATE_STORE_DEADLINE_MS: "10000",
    CLIENT_IP_FROM: "hops:1",
    NODE_ENV: "production",
  });
  return createHeadgate(POLICY, { ...settings, onEvent: [], ...more });
}

export type TestedGate = ReturnType<typeof gateOn>;

/** Sends a request through a gate. Resolves to its status when its work is done. */
export async function send(gate: TestedGate, path: string, headers: Record<string, string>) {
  const request = new Request(`https://example.com${path}`, { headers });
  const work: Promise<unknown>[] = [];
  const response = await gate.middleware(request, { waitUntil: (each) => void work.push(each) });
  await Promise.all(work);
  return response.status;
}

/** Returns the headers of a client. */
export const from = (ip: string, user?: string) => ({
  "x-forwarded-for": ip,
  ...(user !== undefined && { "x-user": user }),
});

/** Inspects a client, and resolves to what is found of a rule. */
export async function ruleOf(gate: TestedGate, query: ClientQuery, name: string) {
  const { rules } = await inspectClient(gate, query);
  return rules.find(({ rule }) => rule === name);
}
