import type { Place, Problems } from "#lib/policy/errors";

/** Adds a problem when a reason is no text or is empty. */
export function checkReason(reason: unknown, place: Place, problems: Problems): void {
  if (typeof reason !== "string") problems.add("BAD_VALUE", place, reason, "reason");
  else if (reason.trim() === "") problems.add("EMPTY_REASON", place, reason);
}
