import type { Place, Problems } from "#lib/policy/errors";

/** Notes what is wrong with a reason. */
export function checkReason(reason: unknown, place: Place, problems: Problems): void {
  if (typeof reason !== "string") problems.add("BAD_VALUE", place, reason, "reason");
  else if (reason.trim() === "") problems.add("EMPTY_REASON", place, reason);
}
