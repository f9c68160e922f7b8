/** The responses of an explanation: those of a gate that counts in memory. */

import { createHeadgate } from "#lib/create";
import type { HeadgateEnvironment } from "#lib/environment";
import { addressSource } from "#lib/identity/address-source";
import { type Charges, DECIDING } from "#lib/limit/charge";
import { MemoryLimits } from "#lib/limit/stores/memory";
import type { AnyPolicy } from "#lib/policy/define";
import type { Rewrites } from "#lib/policy/rewrites";
import type { ExplainedResponse, Explanation } from "./explanation.ts";
import type { ExplainedSecret } from "./secret.ts";

/** What is needed to explain a request. */
export interface Explaining {
  readonly policy: AnyPolicy;
  /** Makes a new request. Each response needs one. */
  readonly request: () => Request;
  readonly environment: HeadgateEnvironment;
  readonly secret: Pick<ExplainedSecret, "source" | "warning">;
  readonly rewrites: Rewrites | undefined;
  /** The client's address, instead of the one in the request. */
  readonly ip?: string | undefined;
}

/** The most requests that are sent to an in-memory gate until it denies one. */
const MOST_TRIES = 5000;

/** Makes a gate of the policy that counts in memory and calls no store. */
export function inMemoryGate({ policy, environment, rewrites, ip }: Explaining) {
  const { missing: _, hasStart: __, ...settings } = environment;
  const { deadlineMs } = environment.store;
  const given = ip === undefined ? settings.clientAddress : BY_HEADER;
  return createHeadgate(policy, {
    ...settings,
    // Limits are counted in memory, and no call is made.
    store: { url: "http://localhost", token: "none", deadlineMs },
    mode: "enforce",
    clientAddress: given,
    limitStore: () => new MemoryLimits(),
    onEvent: [],
    ...(rewrites && { rewrites }),
  });
}

const BY_HEADER = addressSource({
  clientIpFrom: "hops:1",
  onVercel: false,
  onCloudflare: false,
  production: true,
});

/** Makes a new request, with the client's address if one is given. */
export function withAddress({ request, ip }: Explaining): Request {
  const made = request();
  if (ip !== undefined) made.headers.set("x-forwarded-for", ip);
  return made;
}

/** Returns the responses that a client gets: to its first request, and to the first one that is denied. */
export async function responsesOf(
  gate: ReturnType<typeof inMemoryGate>,
  explaining: Explaining,
  charges: Charges | undefined,
): Promise<Pick<Explanation, "allowed" | "denied">> {
  const send = () => gate.middleware(withAddress(explaining), { waitUntil: () => {} });
  const first = await send();
  const deciding = charges?.all.filter(({ group }) => group === DECIDING) ?? [];
  const tries = Math.min(...deciding.map(({ limit, cost }) => Math.ceil(limit.limit / cost)));
  if (isDenied(first)) return { allowed: undefined, denied: responseOf(first) };
  let last = first;
  for (let sent = 0; tries <= MOST_TRIES && sent < tries && !isDenied(last); sent += 1) {
    last = await send();
  }
  return { allowed: responseOf(first), denied: isDenied(last) ? responseOf(last) : undefined };
}

/** Returns false for a response that tells Next to continue, so that a handler makes the client's response. */
function isDenied({ headers }: Response): boolean {
  return !headers.has("x-middleware-next");
}

function responseOf(response: Response): ExplainedResponse {
  const shown = [...response.headers].filter(([name]) => !name.startsWith("x-middleware-"));
  const status = isDenied(response) ? response.status : undefined;
  return { status, headers: Object.fromEntries(shown) };
}
