import { fetchMedia, type MediaParts } from "./media.ts";

/** The result of a sync. */
export interface Synced {
  readonly synced: true;
  /** How many posts are in the portfolio. */
  readonly items: number;
  /** When Instagram was called, in ISO 8601. */
  readonly syncedAt: string;
  /** Whether this request called Instagram for posts, and whether for a new token. */
  readonly fetched: boolean;
  readonly refreshed: boolean;
}

/** How long a portfolio is kept after its last sync, in seconds: 90 days. */
const KEPT_SECONDS = 90 * 24 * 3600;

/** Stores a user's posts in the portfolio. */
export async function syncPortfolio(parts: MediaParts, user: string): Promise<Synced> {
  const { media, fetchedAt, fetched, refreshed } = await fetchMedia(parts, user);
  const key = parts.keys.app("portfolio", parts.keyedHash("user", user));
  // Each request stores the posts: another route may have fetched them, and it stores none.
  await parts.redis.set(key, { media, syncedAt: fetchedAt }, { ex: KEPT_SECONDS });
  return { synced: true, items: media.length, syncedAt: fetchedAt, fetched, refreshed };
}
