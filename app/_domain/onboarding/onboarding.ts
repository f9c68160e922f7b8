import type { Tools } from "#app/_domain/headgate";
import { ProblemError } from "#app/_domain/http/problem-error";
import { type Profile, profile, profiles } from "#app/_domain/profiles/profile";
import { createRecords, type Fields, type Records, type RecordTools } from "#app/_domain/records";

/** How long a session waits for its next step, in seconds: 24 hours. */
export const SESSION_SECONDS = 24 * 3600;

/** The fields that a profile must have. */
const REQUIRED = ["displayName", "city", "styles"] as const;

/** The state of an onboarding. */
export interface Onboarding {
  /** The fields that were given so far. */
  readonly session: Fields<Profile>;
  /** The fields that are still missing. */
  readonly missing: readonly string[];
  readonly expiresInSeconds: number;
}

/** Stores the fields of a step together with those of earlier steps. */
export async function updateSession(
  tools: RecordTools,
  user: string,
  step: Fields<Profile>,
): Promise<Onboarding> {
  const sessions = sessionsOf(tools);
  await sessions.merge(user, step);
  const session = (await sessions.read(user)) ?? {};
  return { session, missing: missingIn(session), expiresInSeconds: SESSION_SECONDS };
}

/**
 * Makes a profile of the session, and ends the session. Only one tab at a time can do so, and the
 * profile is stored before the session is removed.
 *
 * @throws {ProblemError} 404 without a session; 409 when fields are missing, or another tab finishes it
 */
export async function finalize(
  tools: RecordTools & Pick<Tools, "locks">,
  user: string,
): Promise<Fields<Profile>> {
  const used = await tools.locks.withLock(`onboarding:${user}`, () => makeProfile(tools, user), {
    wait: 0,
  });
  if (!used.ran) throw new ProblemError(BUSY, { retryAfter: 1 });
  return used.value;
}

async function makeProfile(tools: RecordTools, user: string): Promise<Fields<Profile>> {
  const sessions = sessionsOf(tools);
  const session = await sessions.read(user);
  if (!session) throw new ProblemError(NONE);
  const missing = missingIn(session);
  if (missing.length > 0) throw new ProblemError(incomplete(missing));
  const kept = profiles(tools);
  await kept.merge(user, session);
  // Another tab may have added fields meanwhile.
  const last = { ...session, ...(await sessions.take(user)) };
  await kept.merge(user, last);
  return last;
}

function sessionsOf(tools: RecordTools): Records<Profile> {
  return createRecords(tools, "onboarding", profile, SESSION_SECONDS);
}

function missingIn(session: Fields<Profile>): string[] {
  return REQUIRED.filter((field) => session[field] === undefined || session[field].length === 0);
}

const NONE = {
  status: 404,
  title: "The onboarding does not exist",
  detail: "No onboarding was started, or its last step was more than 24 hours ago.",
};

const BUSY = {
  status: 409,
  title: "The onboarding is being finished",
  detail: "Another tab is finishing it. Please try again.",
};

function incomplete(missing: readonly string[]) {
  return {
    status: 409,
    title: "The onboarding is not complete",
    detail: `These fields are missing: ${missing.join(", ")}.`,
    missing,
  };
}
