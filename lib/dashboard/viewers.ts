import type { Emit } from "#lib/core/events";
import type { DashboardOptions } from "./options.ts";

/** The longest name of an admin in the log of changes, in characters. */
const LONGEST_NAME = 100;

/** Returns the decision of `authorize`; false when the function is missing or throws. */
export async function permission(
  emit: Emit,
  { authorize }: Partial<DashboardOptions>,
  request: Request,
): Promise<boolean | Response> {
  if (!authorize) return false;
  try {
    const answer: unknown = await authorize(request);
    // Untyped code may return a session or a promise of one, so only true itself allows.
    return answer instanceof Response ? answer : answer === true;
  } catch (error) {
    emit({ kind: "failure", during: "app", name: "dashboard authorize", error });
    return false;
  }
}

/** Returns the name of an admin; null for other people, and when `admin` is missing or throws. */
export async function adminOf(
  emit: Emit,
  { admin }: Partial<DashboardOptions>,
  request: Request,
): Promise<string | null> {
  if (!admin) return null;
  try {
    const answer: unknown = await admin(request);
    // Untyped code may return anything, so only text is a name.
    const name = typeof answer === "string" ? answer.trim().slice(0, LONGEST_NAME) : "";
    return name === "" ? null : name;
  } catch (error) {
    emit({ kind: "failure", during: "app", name: "dashboard admin", error });
    return null;
  }
}
