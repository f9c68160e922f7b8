import * as z from "zod";
import type { Tools } from "#app/_domain/headgate";
import { ProblemError } from "#app/_domain/http/problem-error";
import { type Duration, isHeadgateError } from "headgate";
import type { SharedErrors } from "headgate/locks";
import { type Instagram, media, type Medium } from "./client.ts";
import { InstagramError, problemOf } from "./errors.ts";
import { createTokens, type TokenParts } from "./tokens.ts";

export interface MediaParts extends TokenParts, Pick<Tools, "locks"> {
  readonly instagram: Instagram;
  /**
   * How long a request waits for another request's fetch: longer than both calls and their repetition.
   * @default "12 seconds"
   */
  readonly wait?: Duration;
}

/** A user's posts, and how they were fetched. */
export interface FetchedMedia {
  readonly media: readonly Medium[];
  /** When Instagram was called, in ISO 8601. */
  readonly fetchedAt: string;
  /** True when this request called Instagram. */
  readonly fetched: boolean;
  /** True when this request got a new token too. */
  readonly refreshed: boolean;
}

/** How long a result is reused, in seconds: people press a button twice. */
export const FRESH_SECONDS = 30;

/** How long a failure is returned to waiting requests instead of another call, in seconds. */
const FAILED_SECONDS = 3;

/** How requests share a fetch; when its instance dies, another request fetches after `ttl` seconds. */
const FLIGHT = {
  ttl: 5,
  resultTtl: FRESH_SECONDS,
  errorTtl: FAILED_SECONDS,
} as const;

const fetchedMedia = z.object({ media, fetchedAt: z.string() });

const sharedProblem = z.object({
  problem: z.looseObject({ title: z.string(), status: z.number() }),
  retryAfter: z.number().optional(),
});

/**
 * A problem is passed on to all waiting requests. After any other failure they fetch the posts
 * themselves.
 */
const ERRORS: SharedErrors = {
  write: (error) =>
    error instanceof ProblemError
      ? { problem: error.problem, retryAfter: error.retryAfter }
      : undefined,
  read(written) {
    const { problem, retryAfter } = sharedProblem.parse(written);
    return new ProblemError(problem, retryAfter === undefined ? {} : { retryAfter });
  },
};

/**
 * Fetches a user's posts, once for all tabs and instances that request them at the same time: one calls
 * Instagram, and the others wait for its result.
 *
 * @throws {ProblemError} when Instagram fails, or the wait is too long
 * @throws {StoreError}
 */
export async function fetchMedia(parts: MediaParts, user: string): Promise<FetchedMedia> {
  const { locks, wait = "12 seconds", now = Date.now } = parts;
  let refreshed = false;
  const work = async () => {
    const found = await callInstagramOrProblem(parts, user);
    refreshed = found.refreshed;
    return { media: found.media, fetchedAt: new Date(now()).toISOString() };
  };
  const { value, isShared } = await locks
    .singleFlight(`instagram:${user}`, work, { ...FLIGHT, wait, errors: ERRORS })
    .catch((error: unknown) => {
      throw isBusy(error) ? new ProblemError(BUSY, { retryAfter: 5 }) : error;
    });
  return { ...fetchedMedia.parse(value), fetched: !isShared, refreshed };
}

async function callInstagramOrProblem(parts: MediaParts, user: string) {
  try {
    return await callInstagram(parts, user);
  } catch (error) {
    if (!(error instanceof InstagramError)) throw error;
    parts.onFailure("calling Instagram", error);
    throw problemOf(error);
  }
}

async function callInstagram(parts: MediaParts, user: string) {
  const tokens = createTokens(parts);
  const { token, refreshed, refreshFailed } = await tokens.usable(user);
  try {
    return { media: await parts.instagram.media(token), refreshed };
  } catch (error) {
    const isExpired = error instanceof InstagramError && error.code === "INSTAGRAM_TOKEN_EXPIRED";
    if (!isExpired || refreshed || refreshFailed) throw error;
    const next = await tokens.refresh(user, token);
    if (next === undefined) throw error;
    return { media: await parts.instagram.media(next.token), refreshed: true };
  }
}

function isBusy(error: unknown): boolean {
  return isHeadgateError(error) && error.code === "LOCK_NOT_ACQUIRED";
}

const BUSY = {
  status: 503,
  title: "Instagram is being called",
  detail: "Another tab or instance is waiting for Instagram's answer. Please try again shortly.",
};
