import * as z from "zod";
import type { Tools } from "#app/_domain/headgate";
import { ProblemError } from "#app/_domain/http/problem-error";
import { type Instagram, media, type Medium } from "./client.ts";
import { InstagramError, problemOf } from "./errors.ts";
import { createTokens, type TokenParts } from "./tokens.ts";

export interface MediaParts extends TokenParts, Pick<Tools, "locks"> {
  readonly instagram: Instagram;
}

/** A user's posts, and what was done for them. */
export interface FetchedMedia {
  readonly media: readonly Medium[];
  /** When Instagram was asked, in ISO 8601. */
  readonly fetchedAt: string;
  /** Whether it was this request that asked Instagram. */
  readonly fetched: boolean;
  /** Whether this request brought a new token too. */
  readonly refreshed: boolean;
}

/** What was fetched is good for as long as people press a button twice, in seconds. */
export const FRESH_SECONDS = 30;

/** A failure is told to those who wait, and not repeated for each of them, in seconds. */
const FAILED_SECONDS = 3;

/** Longer than both calls and their repetition take, in seconds. */
const LEASE_SECONDS = 30;

/** How long a request waits for another's fetch, and how often it looks, in milliseconds. */
const WAIT_MS = 12_000;
const LOOK_MS = 100;

const outcome = z.union([
  z.object({ media, fetchedAt: z.string() }),
  z.object({
    problem: z.looseObject({ title: z.string(), status: z.number() }),
    retryAfter: z.number().optional(),
  }),
]);

type Outcome = z.infer<typeof outcome>;

/**
 * Fetches a user's posts, once for all tabs and instances that ask at the same time: one holds the
 * user's lock and asks Instagram, the others wait for what it finds.
 *
 * @throws {ProblemError} where Instagram fails, or the wait is too long
 * @throws {StoreError}
 */
export async function fetchMedia(parts: MediaParts, user: string): Promise<FetchedMedia> {
  const { locks, redis, now = Date.now } = parts;
  const key = parts.keys.app("instagram-media", parts.pseudonym("user", user));
  const lock = `instagram:${user}`;
  const until = now() + WAIT_MS;
  for (;;) {
    const found = outcome.safeParse(await redis.get(key));
    if (found.success) return told(found.data);
    const lease = await locks.acquireLock(lock, LEASE_SECONDS);
    if (lease !== null) {
      try {
        // Another may have ended between our look and our lock.
        const meanwhile = outcome.safeParse(await redis.get(key));
        return meanwhile.success ? told(meanwhile.data) : await fetchAndKeep(parts, user, key);
      } finally {
        await locks.releaseLock(lock, lease);
      }
    }
    if (now() > until) throw new ProblemError(BUSY, { retryAfter: 5 });
    await pause(LOOK_MS);
  }
}

async function fetchAndKeep(parts: MediaParts, user: string, key: string): Promise<FetchedMedia> {
  const { redis, onFailure, now = Date.now } = parts;
  try {
    const found = await askInstagram(parts, user);
    const kept = { media: found.media, fetchedAt: new Date(now()).toISOString() };
    await redis.set(key, kept, { ex: FRESH_SECONDS });
    return { ...kept, fetched: true, refreshed: found.refreshed };
  } catch (error) {
    if (!(error instanceof InstagramError)) throw error;
    onFailure("asking Instagram", error);
    const { problem, retryAfter } = problemOf(error);
    const failed: Outcome = { problem: { ...problem }, ...(retryAfter && { retryAfter }) };
    await redis.set(key, failed, { ex: FAILED_SECONDS });
    throw problemOf(error);
  }
}

async function askInstagram(parts: MediaParts, user: string) {
  const tokens = createTokens(parts);
  const { token, refreshed, refused } = await tokens.usable(user);
  try {
    return { media: await parts.instagram.media(token), refreshed };
  } catch (error) {
    const isExpired = error instanceof InstagramError && error.code === "INSTAGRAM_TOKEN_EXPIRED";
    if (!isExpired || refreshed || refused) throw error;
    const next = await tokens.refresh(user, token);
    if (next === undefined) throw error;
    return { media: await parts.instagram.media(next.token), refreshed: true };
  }
}

function told(found: Outcome): FetchedMedia {
  if (!("problem" in found)) return { ...found, fetched: false, refreshed: false };
  const { problem, retryAfter } = found;
  throw new ProblemError(problem, retryAfter === undefined ? {} : { retryAfter });
}

const BUSY = {
  status: 503,
  title: "Instagram is being asked",
  detail: "Another tab or instance is at it and has no answer yet. Please try again shortly.",
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
