import { fetchMedia, type MediaParts } from "./media.ts";

/** What a sync came to. */
export interface Synced {
  readonly synced: true;
  /** How many posts are in the portfolio. */
  readonly items: number;
  /** When Instagram was asked, in ISO 8601. */
  readonly syncedAt: string;
  /** Whether this request asked Instagram for posts, and whether for a new token. */
  readonly fetched: boolean;
  readonly refreshed: boolean;
}

/** How long a portfolio is kept after its last sync, in seconds: 90 days. */
const KEPT_SECONDS = 90 * 24 * 3600;

/** Puts a user's posts into the portfolio. */
export async function syncPortfolio(parts: MediaParts, user: string): Promise<Synced> {
  const { media, fetchedAt, fetched, refreshed } = await fetchMedia(parts, user);
  const key = parts.keys.app("portfolio", parts.keyedHash("user", user));
  // Written by each that asked: the posts may have been fetched by another route, which keeps none.
  await parts.redis.set(key, { media, syncedAt: fetchedAt }, { ex: KEPT_SECONDS });
  return { synced: true, items: media.length, syncedAt: fetchedAt, fetched, refreshed };
}
