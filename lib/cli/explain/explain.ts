import { createHeadgate } from "#lib/create";
import type { HeadgateEnvironment } from "#lib/env";
import type { Client, Wanted } from "#lib/core/client";
import { policyEntry } from "#lib/control/policy-lists";
import { addressSource } from "#lib/identity/address-source";
import { addressReader } from "#lib/identity/counted-address";
import { entryFor, holdingFor } from "#lib/holding";
import { type Charge, type Charges, chargesFor, DECIDING, rulesFor } from "#lib/limit/charge";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import { pathReadings, routedPath } from "#lib/policy/path";
import { isPrefetch } from "#lib/policy/prefetch";
import type { Rewrites } from "#lib/policy/rewrites";
import type { CompiledPolicy } from "#lib/policy/types";
import { type Parts, partsOf } from "#lib/parts";
import { billedFor } from "./billed.ts";
import { type ExplainedRule, explainRules, type MatchedRequest } from "./rules.ts";

/** What is needed to explain a request. */
export interface Explaining {
  readonly policy: AnyPolicy;
  /** Makes a new request. Each response needs one. */
  readonly request: () => Request;
  readonly environment: HeadgateEnvironment;
  readonly rewrites: Rewrites | undefined;
  /** The client's address, instead of the one in the request. */
  readonly ip?: string | undefined;
}

/** One limit that a request consumes. */
export interface ExplainedLimit {
  readonly name: string;
  readonly isShadow: boolean;
  readonly limit: number;
  readonly windowMs: number;
  readonly algorithm: string;
  readonly cost: number;
  /** The key in the store. */
  readonly key: string;
}

/** One client that limits of a request count. */
export interface ExplainedClient {
  /** As the policy writes it, such as "user|ip". */
  readonly subject: string;
  /** The client key, for `headgate inspect --key`. */
  readonly key: string;
  readonly countsAddress: boolean;
}

/** The entry of the policy's lists that decides a request. */
export interface ExplainedEntry {
  readonly list: "allow" | "block";
  /** The id in decisions, such as "policy block 1" for the first entry of `block`. */
  readonly id: string;
  /** The client as the policy writes it. */
  readonly client: string;
  readonly reason: string;
}

/** What the gate would do with a request of a client that has consumed nothing yet. */
export interface Explanation {
  readonly method: string;
  /** The path as it was sent. */
  readonly pathname: string;
  /** The paths that rules are matched with. */
  readonly readings: readonly string[];
  /** The pattern and the reason when the path is exempt, so that no rule applies. */
  readonly exempt: { readonly pattern: string; readonly reason: string } | undefined;
  /** True when the app has other keys, because this environment has neither its secret nor its store. */
  readonly isKeyGuessed: boolean;
  readonly rules: readonly ExplainedRule[];
  /**
   * The entry that allows the client without counting it, or blocks it; null when no list of the policy names
   * it.
   */
  readonly entry: ExplainedEntry | null;
  readonly address: string;
  /** The value of each identity that rules or lists need; null when the request proves none. */
  readonly identities: Readonly<Record<string, string | null>>;
  /** The value of each condition of the lists. */
  readonly conditions: Readonly<Record<string, boolean>>;
  readonly clients: readonly ExplainedClient[];
  readonly limits: readonly ExplainedLimit[];
  readonly calls: number;
  readonly billed: number;
  readonly onStoreFailure: string | undefined;
  /** The response to an allowed request; undefined when no request is allowed, as for a blocked client. */
  readonly allowed: ExplainedResponse | undefined;
  /**
   * The response to a denied request; undefined when nothing denies, or when the limit is too large to be
   * used up here.
   */
  readonly denied: ExplainedResponse | undefined;
}

/** The response that a client gets. */
export interface ExplainedResponse {
  /** The status; undefined for a response of a handler. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** The most requests that are sent to an in-memory gate until it denies one. */
const MOST_TRIES = 5000;

/**
 * Explains what the gate does with a request, without a store: which rules apply and why others do not, which
 * clients are counted, by which keys, and which responses they get.
 *
 * @throws {PolicyError} with every problem of the policy
 * @example
 * const { rules } = await explainRequest({ policy, request: () => new Request(url), environment, rewrites });
 */
export async function explainRequest(explaining: Explaining): Promise<Explanation> {
  const { environment } = explaining;
  const gate = gateOf(explaining);
  const parts = partsOf(explaining.policy, gate.options);
  const { policy, identifier, keys } = parts;
  const request = withAddress(explaining);
  const matched = matchedRequest(request);
  const { method, pathname, hasLocales, prefetches } = matched;
  const match = policy.match(method, pathname, hasLocales, prefetches);
  const exempt = match ? undefined : exemptionOf(policy, matched);
  const holding = holdingFor(parts, match, "enforce");
  const { wanted } = holding;
  const client = wanted && (await identifier.fromRequest(wanted, request)).client;
  const charges = match && client && chargesFor(rulesFor(match, client), client, keys);
  const entry = entryOf(parts, client && entryFor(holding, client)?.id);
  const counted = entry ? undefined : charges;
  return {
    method,
    pathname: new URL(request.url).pathname,
    readings: pathReadings(pathname, hasLocales),
    exempt,
    isKeyGuessed: environment.missing !== undefined && environment.visitorSecret === undefined,
    rules: explainRules(policy, matched, {
      applying: charges?.rules,
      isExempt: exempt !== undefined,
    }),
    entry,
    address: addressReader(gate.options.addressSource, gate.options.ipv6Prefix)(request.headers),
    ...valuesOf(policy, wanted, client),
    clients: clientsOf(client),
    limits: (counted?.all ?? []).map(limitOf),
    ...callsOf(explaining, counted),
    ...(await responsesOf(gate, explaining, counted)),
  };
}

/** Returns the entry of the policy that has an id. */
function entryOf({ policy }: Parts, id: string | undefined): ExplainedEntry | null {
  const found = policy.listings.find(({ list, place }) => policyEntry(list, place) === id);
  return found && id !== undefined
    ? { list: found.list, id, client: found.text, reason: found.reason }
    : null;
}

function gateOf({ policy, environment, rewrites, ip }: Explaining) {
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

function withAddress({ request, ip }: Explaining): Request {
  const made = request();
  if (ip !== undefined) made.headers.set("x-forwarded-for", ip);
  return made;
}

function matchedRequest(request: Request): MatchedRequest {
  return { method: request.method, ...routedPath(request), prefetches: isPrefetch(request) };
}

/** Returns the exempt pattern that a path matches. Each pattern is tried in a policy that has no other. */
function exemptionOf({ exempt }: CompiledPolicy, { pathname, hasLocales }: MatchedRequest) {
  return exempt.find(({ pattern }) => {
    const limits = { global: "1 per day" as const };
    const alone = compilePolicy({ rules: { exempt: { match: pattern as "/", limits } } });
    return alone.match("GET", pathname, hasLocales) !== undefined;
  });
}

/** Returns the values of identities, and whether conditions hold. */
function valuesOf(
  { conditions }: CompiledPolicy,
  wanted: Wanted | undefined,
  client: Client | undefined,
) {
  const names = [...(wanted?.identities ?? []), ...(wanted?.listed ?? [])];
  const valueOf = (name: string) => client?.values.get(name) ?? null;
  const isCondition = (name: string) => Object.hasOwn(conditions, name);
  return {
    identities: Object.fromEntries(
      names.filter((name) => !isCondition(name)).map((name) => [name, valueOf(name)]),
    ),
    conditions: Object.fromEntries(
      names.filter(isCondition).map((name) => [name, valueOf(name) !== null]),
    ),
  };
}

function clientsOf(client: Client | undefined): readonly ExplainedClient[] {
  return [...(client?.counted ?? [])].map(([subject, counted]) => ({ subject, ...counted }));
}

function limitOf({ limit, group, cost, key }: Charge): ExplainedLimit {
  const { policyName: name, limit: units, windowMs, algorithm } = limit;
  return { name, isShadow: group !== DECIDING, limit: units, windowMs, algorithm, cost, key };
}

/** Returns the number of calls of a check, and the commands that Upstash bills for them. */
function callsOf({ environment }: Explaining, charges: Charges | undefined) {
  const all = charges?.all ?? [];
  const scripts = environment.cluster ? new Set(all.map(({ client }) => client)).size : 1;
  return {
    calls: all.length > 0 ? 1 : 0,
    // On a cluster each script also reads the time.
    billed: billedFor(all) + (all.length > 0 ? 2 * (scripts - 1) : 0),
    onStoreFailure: charges?.rules.onStoreFailure,
  };
}

async function responsesOf(
  gate: ReturnType<typeof gateOf>,
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
