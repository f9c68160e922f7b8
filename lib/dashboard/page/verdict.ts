import type { RuleFound } from "./complete.ts";
import { age } from "./numbers.ts";

const WHY: Readonly<Record<string, string>> = {
  "within-limit": "allowed",
  "allow-listed": "allowed without being counted",
  unlimited: "allowed: no limit applies",
  "switched-off": "allowed: the mode is off",
};

/** Returns as text what a rule would decide about one more request, and why. */
export function verdictOf(rule: RuleFound): string {
  const { isAllowed, isShadow, reason, entry, retryAfterMs, limits } = rule;
  const by = entry ? ` by ${entry}` : "";
  const why = WHY[reason];
  if (why) return why + by + (isShadow ? ", in shadow" : "");
  const trial = isAllowed ? "allowed in shadow, " : "";
  if (reason !== "over-limit") return trial + reason + by;
  const full = limits.filter(({ waitMs }) => waitMs !== 0).map(({ name }) => name);
  const when =
    retryAfterMs === null
      ? "a request costs more than the limit"
      : `capacity again in ${age(retryAfterMs)}`;
  return `${trial || "denied, "}over ${full.join(", ")}; ${when}`;
}
