import { durationInWords, formatDuration } from "#lib/core/duration";
import type { InspectedLimit, InspectedRule, Inspection, Reset, UnknownLimit } from "#lib/inspect";

/** How long an instance remembers a denial at most: docs/algorithms.md. */
export const DENIALS_END_WITHIN_MS = 30_000;

/** Returns as text how the limits of a client stand. */
export function renderInspection(inspection: Inspection): string {
  const { rules, unknown } = inspection;
  return [
    headLines(inspection).join("\n"),
    ...rules.map(ruleText),
    ...(rules.length === 0 ? ["no limit of the policy has counted anything of this client"] : []),
    ...unknown.map(unknownLine),
  ].join("\n\n");
}

/** Returns as text what was freed. */
export function renderReset({ freed, unknown }: Reset): string {
  const lines = freed.map(({ name, key }) => `freed    ${name}  ${key}`);
  return [
    ...(lines.length > 0 ? lines : ["nothing was counted of this client, so nothing was freed"]),
    ...unknown.map(unknownLine),
    `Instances that have denied this client remember it for up to ${DENIALS_END_WITHIN_MS / 1000} seconds.`,
  ].join("\n");
}

const MODES = {
  enforce: undefined,
  shadow: "HEADGATE_MODE=shadow: whatever is decided, requests are allowed",
  off: "HEADGATE_MODE=off: nothing is counted or denied",
} as const;

function headLines({ mode, clientKeys, countedIn }: Inspection): string[] {
  const said = MODES[mode];
  return [
    ...clientKeys.map((key) => `client   ${key}: search for it in the log`),
    ...(countedIn === "process" ? ["store    none: counts are in this process alone"] : []),
    ...(said === undefined ? [] : [`mode     ${said}`]),
  ];
}

function ruleText(rule: InspectedRule): string {
  const { rule: name, tier, limits } = rule;
  const title = tier === null ? name : `${name} (${tier})`;
  return [`${title}: ${decisionText(rule)}`, ...limits.flatMap(limitLines)].join("\n");
}

function decisionText({ isShadow, hasCapacity, retryAfterMs, limits }: InspectedRule): string {
  const shadow = isShadow ? ", and the rule is in shadow: the request is allowed all the same" : "";
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
  const more = resetMs > 0 ? `, more in ${durationInWords(resetMs)}` : "";
  const units = cost === 1 ? "" : `, a request costs ${cost}`;
  const whom = limit.isGlobal ? "all clients together" : `"${subject}"`;
  return [
    `  ${name}  ${used} used of ${limit.limit} per ${formatDuration(windowMs)}, ${remaining} left${more}`,
    `    counts ${whom} by ${algorithm}${units}`,
    `    ${key}`,
  ];
}

function unknownLine({ name }: UnknownLimit): string {
  return `unknown  ${name} counts the address, which was not given: --ip`;
}
