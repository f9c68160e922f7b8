import type { Place, Problems } from "#lib/policy/errors";

/** Notes what is wrong with a reason. @param allowed what it must say */
export function checkReason(
  reason: unknown,
  place: Place,
  allowed: string,
  problems: Problems,
): void {
  if (typeof reason !== "string") problems.add("BAD_VALUE", place, reason, "the reason as text");
  else if (reason.trim() === "") problems.add("EMPTY_REASON", place, reason, allowed);
}
