import { formatDuration } from "#lib/core/duration";
import { section } from "../section.ts";
import type {
  ExplainedEntry,
  ExplainedLimit,
  ExplainedResponse,
  Explanation,
} from "./explanation.ts";
import type { ExplainedRule } from "./rules.ts";

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

const GUESSED =
  "the app has other keys: set HEADGATE_SECRET, or the variables of its store, as the app has them";

function entryLine({ list, id, client, reason }: ExplainedEntry): string {
  const words = { allow: "allowed without being counted", block: "blocked" };
  return `${words[list]} by ${client} (${id}): ${reason}`;
}

function clientLines(explained: Explanation): string[] {
  const { clients, address, identities, conditions, entry, isKeyGuessed } = explained;
  if (clients.length === 0 && !entry) return [];
  const named = Object.entries(identities).map(
    ([name, value]) =>
      `${name}   ${value ?? "not proven by the request, so the address is counted"}`,
  );
  return [
    `ip   ${address}${address === "unknown" ? ": all such requests are counted as one client (--ip names one)" : ""}`,
    ...named,
    ...Object.entries(conditions).map(
      ([name, holds]) => `${name}   ${holds ? "holds" : "does not hold"}`,
    ),
    ...clients.map(({ subject, key }) => `"${subject}" counts ${key}`),
    ...(isKeyGuessed ? [GUESSED] : []),
  ];
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
