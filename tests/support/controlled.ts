import { createHeadgate, type GateSettings } from "#lib/create";
import { controlKeys } from "#lib/control/keys";
import { fromEnv } from "#lib/env";
import { type AnyPolicy, definePolicy } from "#lib/policy/define";

/** A policy that names clients by headers, for tests of control entries. */
export const CONTROLLED = definePolicy({
  identities: {
    user: ({ headers }: Request) => headers.get("x-user") ?? undefined,
    account: "from-code",
  },
  block: { "198.51.100.0/24": "a network of the policy", "user:mallory": "a user of the policy" },
  rules: {
    api: { match: "/api/:path*", limits: { ip: "50 per hour" } },
    search: { match: "/api/search", limits: { "user|ip": "3 per day" }, headers: "always" },
    login: { limits: { ip: "5 per minute", account: "9 per day" }, cost: 2 },
    trial: { match: "/api/trial", limits: { ip: "1 per day" }, mode: "shadow" },
    fast: { match: "/fast", limits: { ip: "20 per day" }, admit: "optimistic" },
  },
});

let namespaces = 0;

/** Returns a namespace that no other gate of this process has. */
export function newNamespace(): string {
  namespaces += 1;
  return `control${process.pid}-${namespaces}`;
}

/** Makes a gate on a store, by default in a new namespace. It has no listener. */
export function controlledGate(
  { url, token }: { readonly url: string; readonly token: string },
  more: Partial<GateSettings> = {},
  policy: AnyPolicy = CONTROLLED,
) {
  const { missing: _, ...settings } = fromEnv({
    UPSTASH_REDIS_REST_URL: url,
    UPSTASH_REDIS_REST_TOKEN: token,
    HEADGATE_SECRET: "a secret of the tests, long enough",
    HEADGATE_NAMESPACE: newNamespace(),
    HEADGATE_STORE_DEADLINE_MS: "10000",
    CLIENT_IP_FROM: "hops:1",
    NODE_ENV: "production",
  });
  return createHeadgate(policy, { ...settings, onEvent: [], ...more });
}

export type ControlledGate = ReturnType<typeof controlledGate>;

/** Sends a request through a gate, and awaits the work after the response. */
export async function sendThrough(
  gate: ControlledGate,
  ip: string,
  path = "/api/search",
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const request = new Request(`https://example.com${path}`, {
    headers: { "x-forwarded-for": ip, ...headers },
  });
  const work: Promise<unknown>[] = [];
  const response = await gate.middleware(request, { waitUntil: (each) => void work.push(each) });
  await Promise.all(work);
  return response;
}

/** Writes entries directly into the store, without the checks of the writing side. */
export async function writeRaw(
  gate: ControlledGate,
  entries: Readonly<Record<string, string>>,
): Promise<void> {
  const keys = controlKeys(gate.keys);
  const fields = Object.entries(entries).flat();
  await gate.requester.request({ body: ["HSET", keys.entries, ...fields] });
  await gate.requester.request({ body: ["SET", keys.version, crypto.randomUUID()] });
}
