import { formatDuration } from "#lib/core/duration";
import { section } from "../section.ts";
import type {
  ExplainedEntry,
  ExplainedLimit,
  ExplainedResponse,
  Explanation,
  SecretSource,
} from "./explanation.ts";
import type { ExplainedRule } from "./rules.ts";
import { UNKNOWN } from "./tokens.ts";

/** Returns an explanation as text: a paragraph for each step of the request's way. */
export function renderExplanation(explained: Explanation): string {
  const { allowed, denied } = explained;
  return [
    section("path", pathLines(explained)),
    section("rules", explained.rules.filter(isWorthALine).map(ruleLine)),
    section("client", clientLines(explained)),
    section("list", explained.entry ? [entryLine(explained.entry)] : []),
    section("limits", explained.limits.map(limitLine)),
    section("store", [storeLine(explained)]),
    section("allowed", allowed ? responseLines(allowed) : []),
    section("denied", denied ? responseLines(denied) : []),
  ]
    .filter(Boolean)
    .join("\n\n");
}

function pathLines({ method, pathname, readings, exempt, rules }: Explanation): string[] {
  const others = readings.filter((reading) => reading !== pathname);
  const isFree = rules.every(({ applies }) => applies === "no");
  return [
    `${method} ${pathname}`,
    ...others.map((reading) => `is also read as ${reading}`),
    ...(exempt ? [`exempt by ${exempt.pattern}: ${exempt.reason}`] : []),
    ...(isFree ? ["no rule applies: the request is not counted"] : []),
  ];
}

/** Returns true for a rule that concerns the request. The text omits the others; --json has all. */
function isWorthALine({ applies, isNear }: ExplainedRule): boolean {
  return applies !== "no" || isNear === true;
}

function ruleLine({ name, applies, pattern, why }: ExplainedRule): string {
  const by = pattern === undefined ? "" : ` by ${pattern}`;
  const words = { decides: "decides", shadow: "is counted", replaced: "is replaced", no: "no" };
  return `${name}  ${words[applies]}${by}${why === undefined ? "" : ` (${why})`}`;
}

/** How the keys are made, by the source of their secret. */
const SECRETS: Readonly<Record<SecretSource, string>> = {
  HEADGATE_SECRET: "made with HEADGATE_SECRET",
  "running-app": "made with the secret of the app that runs here",
  store: "made with the store's credentials, because HEADGATE_SECRET is not set",
  none: "not those of the app: set HEADGATE_SECRET, or the variables of its store, as the app has them",
};

/** The possible reasons of a bearer token without a known one. */
const POSSIBLE =
  "names no user: the app has no secret or key for it, rejects its form or its claims, or does not read the Authorization header";

function entryLine({ list, id, client, reason }: ExplainedEntry): string {
  const words = { allow: "allowed without being counted", block: "blocked" };
  return `${words[list]} by ${client} (${id}): ${reason}`;
}

function clientLines(explained: Explanation): string[] {
  const { clients, address, identities, conditions, entry, unverified } = explained;
  if (clients.length === 0 && !entry) return [];
  const named = Object.entries(identities).map(
    ([name, value]) => `${name}   ${value ?? unprovenText(explained.failures[name])}`,
  );
  return [
    `ip   ${address}${address === "unknown" ? ": all such requests are counted as one client (--ip names one)" : ""}`,
    ...named,
    ...unverified.map((reason) => `token   ${tokenText(reason)}`),
    ...Object.entries(conditions).map(
      ([name, holds]) => `${name}   ${holds ? "holds" : "does not hold"}`,
    ),
    ...clients.map(({ subject, key }) => `"${subject}" counts ${key}`),
    `keys   ${SECRETS[explained.secret]}`,
    ...(explained.keyWarning === undefined ? [] : [explained.keyWarning]),
  ];
}

function unprovenText(failure: string | undefined): string {
  if (failure === undefined) return "not proven by the request, so the address is counted";
  return `its resolver failed, so the address is counted: ${failure}`;
}

function tokenText(reason: string): string {
  if (reason === UNKNOWN) return POSSIBLE;
  return `does not verify: ${reason}`;
}

function limitLine({ name, isShadow, limit, windowMs, algorithm, cost, key }: ExplainedLimit) {
  const units = cost === 1 ? "" : `, costs ${cost}`;
  const shadow = isShadow ? ", in shadow" : "";
  return `${name}  ${limit} per ${formatDuration(windowMs)} by ${algorithm}${units}${shadow}  ${key}`;
}

function storeLine({ calls, billed, onStoreFailure }: Explanation): string {
  if (calls === 0) return "no call";
  return `1 call, which Upstash bills as ${billed} commands; while the store is unavailable: ${onStoreFailure}`;
}

function responseLines({ status, headers }: ExplainedResponse): string[] {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return status === undefined ? ["the handler's response", ...lines] : [`${status}`, ...lines];
}
