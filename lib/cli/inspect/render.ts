import { durationInWords, formatDuration } from "#lib/core/duration";
import type { InspectedLimit, InspectedRule, Inspection, Reset, UnknownLimit } from "#lib/inspect";
import { entryWords, printable } from "../control/words.ts";
import type { TierHint } from "./tier-hint.ts";

/** How long an instance remembers a denial at most when it does not follow what is set: docs/concepts/algorithms.md. */
export const DENIALS_END_WITHIN_MS = 30_000;

/** Returns the limits of a client as text. */
export function renderInspection(inspection: Inspection, tierHint: TierHint): string {
  const { rules, unknown } = inspection;
  return [
    headLines(inspection).join("\n"),
    ...rules.map((rule) => ruleText(rule, tierHint)),
    ...(rules.length === 0 ? ["no limit of the policy has counted this client"] : []),
    ...unknown.map(unknownLine),
  ].join("\n\n");
}

/** Returns what was freed as text. */
export function renderReset({ freed, unknown }: Reset): string {
  const lines = freed.map(({ name, key }) => `freed    ${name}  ${key}`);
  return [
    ...(lines.length > 0 ? lines : ["nothing was counted for this client, so nothing was freed"]),
    ...unknown.map(unknownLine),
    REMEMBERED,
  ].join("\n");
}

const REMEMBERED = `Instances that follow what is set forget their denials of this client: it is free from their second request
that is made two seconds later. Others remember a denial for up to ${DENIALS_END_WITHIN_MS / 1000} seconds.`;

const MODES = {
  enforce: undefined,
  shadow: "whatever is decided, requests are allowed",
  off: "nothing is counted or denied",
} as const;

function headLines({ mode, listed, set, clientKeys, countedIn }: Inspection): string[] {
  const said = MODES[mode];
  const isSet = set.some((entry) => entry.kind === "mode" && entry.rule === null);
  const by = isSet ? `${mode}, as it is set` : `HEADGATE_MODE=${mode}`;
  return [
    ...clientKeys.map((key) => `client   ${key}: search for it in the log`),
    ...(listed ? [listedLine(listed)] : []),
    ...(countedIn === "process" ? ["store    none: counts are only in this process"] : []),
    ...(said === undefined ? [] : [`mode     ${by}: ${said}`]),
    ...set.map((entry) => `set      ${entryWords(entry)}`),
  ];
}

function listedLine({ list, id, reason }: NonNullable<Inspection["listed"]>): string {
  const why = reason === "" ? "" : ` (${reason})`;
  return printable(
    list === "block"
      ? `blocked  by ${id}${why}: requests get 403, and their lines of the log have it as "entry"`
      : `allowed  by ${id}${why}: requests are not counted`,
  );
}

function ruleText(rule: InspectedRule, tierHint: TierHint): string {
  const { rule: name, tier, limits } = rule;
  const title = tier === null ? name : `${name} (${tier})`;
  const hint = tierHint(name);
  return [
    `${title}: ${decisionText(rule)}`,
    ...(hint === undefined ? [] : [hint]),
    ...limits.flatMap(limitLines),
  ].join("\n");
}

function decisionText(rule: InspectedRule): string {
  const entry = printable(rule.entry ?? "");
  if (rule.reason === "switched-off") return "allowed, because its mode is off";
  if (rule.reason === "blocked")
    return `${rule.isAllowed ? "allowed, though " : ""}blocked by ${entry}`;
  if (rule.reason === "allow-listed") return `allowed without being counted, by ${entry}`;
  if (rule.reason === "unlimited") return "allowed without a limit, by what is set";
  return countedText(rule);
}

/** Returns what the limits of a rule decide. */
function countedText({ isShadow, hasCapacity, retryAfterMs, limits }: InspectedRule): string {
  const shadow = isShadow ? ", but the rule is in shadow: the request is allowed" : "";
  if (hasCapacity) return `allowed${isShadow ? ", and the rule is in shadow" : ""}`;
  const full = limits.filter(({ waitMs }) => waitMs !== 0).map(({ name }) => name);
  const when =
    retryAfterMs === null
      ? "a request costs more than the limit"
      : `allowed again in ${durationInWords(retryAfterMs)}`;
  return `denied by ${full.join(", ")}; ${when}${shadow}`;
}

function limitLines(limit: InspectedLimit): string[] {
  const { name, subject, used, remaining, resetMs, cost, windowMs, algorithm, key } = limit;
  const { limit: units, policyLimit } = limit;
  const now = units === policyLimit ? "" : ` (${policyLimit} by the policy)`;
  const more = resetMs > 0 ? `, more in ${durationInWords(resetMs)}` : "";
  const costs = cost === 1 ? "" : `, a request costs ${cost}`;
  const client = limit.isGlobal ? "all clients together" : `"${subject}"`;
  return [
    `  ${name}  ${used} used of ${units} per ${formatDuration(windowMs)}${now}, ${remaining} left${more}`,
    `    counts ${client} by ${algorithm}${costs}`,
    `    ${key}`,
  ];
}

function unknownLine({ name, subject }: UnknownLimit): string {
  const identities = subject.split(/[|+]/).filter((one) => one !== "ip" && one !== "global");
  const use = [...identities.map((one) => `--identity ${one}=…`), "--ip"].join(" or ");
  return identities.length === 0
    ? `unknown  ${name} counts the address, which was not given: use ${use}`
    : `unknown  ${name} counts ${subject}, or the address of a client without it; none was given: use ${use}`;
}
