import type { RuleFound } from "./complete.ts";
import { age } from "./numbers.ts";

const WHY: Readonly<Record<string, string>> = {
  blocked: "blocked",
  "allow-listed": "allowed without being counted",
  unlimited: "allowed: no limit holds",
  "switched-off": "allowed: the mode is off",
};

/** Returns in words what a rule would decide now of one more request, and why. */
export function verdictOf(rule: RuleFound): string {
  const { isAllowed, reason, entry, retryAfterMs, limits } = rule;
  if (reason !== "over-limit") return `${WHY[reason] ?? "allowed"}${entry ? ` by ${entry}` : ""}`;
  const full = limits.filter(({ waitMs }) => waitMs !== 0).map(({ name }) => name);
  const when =
    retryAfterMs === null
      ? "a request costs more than the limit"
      : `capacity again in ${age(retryAfterMs)}`;
  return `${isAllowed ? "allowed in shadow, over" : "denied by"} ${full.join(", ")}; ${when}`;
}
