import type { Client, Wanted } from "#lib/core/client";
import { policyEntry } from "#lib/control/policy-lists";
import { addressReader } from "#lib/identity/counted-address";
import type { Identified } from "#lib/identity/identifier";
import { entryFor, holdingFor } from "#lib/holding";
import { type Charge, type Charges, chargesFor, DECIDING, rulesFor } from "#lib/limit/charge";
import { compilePolicy } from "#lib/policy/check/compile";
import { pathReadings, routedPath } from "#lib/policy/path";
import { isPrefetch } from "#lib/policy/prefetch";
import type { CompiledPolicy } from "#lib/policy/types";
import { type Parts, partsOf } from "#lib/parts";
import { billedFor } from "./billed.ts";
import type {
  ExplainedClient,
  ExplainedEntry,
  ExplainedLimit,
  Explanation,
} from "./explanation.ts";
import { type Explaining, inMemoryGate, responsesOf, withAddress } from "./responses.ts";
import { explainRules, type MatchedRequest } from "./rules.ts";
import { failureOf, UNKNOWN, withoutTriedKeys, withReasons } from "./tokens.ts";

/**
 * Explains what the gate does with a request, without a store: which rules apply and why others do not, which
 * clients are counted, by which keys, and which responses they get.
 *
 * @throws {PolicyError} with every problem of the policy
 * @example
 * const { rules } = await explainRequest({ policy, request: () => new Request(url), environment, secret, rewrites });
 */
export async function explainRequest(explaining: Explaining): Promise<Explanation> {
  const gate = inMemoryGate(explaining);
  const parts = partsOf(explaining.policy, gate.options);
  const { policy, identifier, keys } = parts;
  const request = withAddress(explaining);
  const matched = matchedRequest(request);
  const { method, pathname, hasLocales, prefetches } = matched;
  const match = policy.match(method, pathname, hasLocales, prefetches);
  const exempt = match ? undefined : exemptionOf(policy, matched);
  const holding = holdingFor(parts, match, "enforce");
  const { wanted } = holding;
  const [identified, reasons] = await withReasons(
    async () => wanted && identifier.fromRequest(wanted, request),
  );
  const client = identified?.client;
  const charges = match && client && chargesFor(rulesFor(match, client), client, keys);
  const entry = entryOf(parts, client && entryFor(holding, client)?.id);
  const counted = entry ? undefined : charges;
  return {
    method,
    pathname: new URL(request.url).pathname,
    readings: pathReadings(pathname, hasLocales),
    exempt,
    secret: explaining.secret.source,
    keyWarning: explaining.secret.warning,
    rules: explainRules(policy, matched, {
      applying: charges?.rules,
      isExempt: exempt !== undefined,
    }),
    entry,
    address: addressReader(gate.options.addressSource, gate.options.ipv6Prefix)(request.headers),
    ...valuesOf(policy, wanted, client),
    failures: failuresOf(identified),
    unverified: whyUnproven(request, policy, identified, reasons),
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

/** Returns why resolvers failed. */
function failuresOf(identified: Identified | undefined): Readonly<Record<string, string>> {
  const found = (identified?.noticed ?? []).flatMap((event) =>
    event.kind === "failure" && event.name !== undefined
      ? [[event.name, failureOf(event.error)] as const]
      : [],
  );
  return Object.fromEntries(found);
}

/** Returns why tokens name no client; empty when every identity has a value. */
function whyUnproven(
  { headers }: Request,
  { conditions }: CompiledPolicy,
  identified: Identified | undefined,
  reasons: readonly string[],
): readonly string[] {
  const values = [...(identified?.client.values ?? [])].flatMap(([name, value]) =>
    Object.hasOwn(conditions, name) ? [] : [value],
  );
  if (values.every(Boolean)) return [];
  const isProven = values.some(Boolean);
  const known = withoutTriedKeys(reasons, isProven);
  if (known.length > 0 || isProven) return known;
  return /^bearer /i.test(headers.get("authorization") ?? "") ? [UNKNOWN] : [];
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
