import type { Tools } from "#app/_domain/headgate";
import { ProblemError } from "#app/_domain/http/problem-error";
import { type Profile, profile, profiles } from "#app/_domain/profiles/profile";
import { createRecords, type Fields, type Records, type RecordTools } from "#app/_domain/records";

/** How long a session waits for its next step, in seconds: 24 hours. */
export const SESSION_SECONDS = 24 * 3600;

/** What a profile cannot do without. */
const REQUIRED = ["displayName", "city", "styles"] as const;

/** How an onboarding stands. */
export interface Onboarding {
  /** What was given so far. */
  readonly session: Fields<Profile>;
  /** The fields that are still needed. */
  readonly missing: readonly string[];
  readonly expiresInSeconds: number;
}

/** Takes a step: keeps what is given with what was given before. */
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
 * Makes the session a profile, and ends it. One tab at a time: the profile is there before the
 * session is gone.
 *
 * @throws {ProblemError} 404 without a session, 409 where fields are missing or another tab is at it
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
  // With what another tab has added meanwhile.
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
  title: "There is no onboarding to finish",
  detail: "None was begun, or its last step is more than 24 hours ago.",
};

const BUSY = {
  status: 409,
  title: "The onboarding is being finished",
  detail: "Another tab is at it. Please try again.",
};

function incomplete(missing: readonly string[]) {
  return {
    status: 409,
    title: "The onboarding is not complete",
    detail: `Still needed: ${missing.join(", ")}.`,
    missing,
  };
}
