import type { Decision } from "#lib/core/decision";

/** The form of each platform's request id, so that no other text of a client gets into a log. */
const NAMES: readonly (readonly [string, RegExp])[] = [
  ["x-vercel-id", /^(?:[a-z]{3}\d::){1,3}[a-z0-9]{5}-\d{13}-[0-9a-f]{12}$/],
  ["cf-ray", /^[0-9a-f]{16}(?:-[A-Z]{3})?$/],
  ["x-request-id", /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i],
];

/**
 * Returns the id that a platform or proxy gave a request, if it has the right form; else a new UUID. Returns
 * undefined without a request, and for a decision that is not logged, since its request needs no id.
 */
export function requestIdFor(
  { allowed, error, shadows }: Decision,
  request: Request | undefined,
): string | undefined {
  const isRoutine = allowed && !error && shadows.every((shadow) => shadow.allowed);
  if (!request || isRoutine) return undefined;
  for (const [name, form] of NAMES) {
    const given = request.headers.get(name);
    if (given !== null && form.test(given)) return given;
  }
  return crypto.randomUUID();
}
