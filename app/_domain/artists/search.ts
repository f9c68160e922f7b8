import * as z from "zod";
import type { Keys, Redis } from "headgate/redis";
import { type Artist, searchArtists } from "./artists.ts";
import { words } from "./words.ts";

/** How long a result is kept, in seconds. */
export const CACHE_SECONDS = 300;

export interface SearchParts {
  /** The store of the results; its calls have a deadline. */
  readonly redis: Pick<Redis, "get" | "set">;
  readonly keys: Pick<Keys, "cache">;
  /** Runs work after the response, and keeps the instance alive for it. */
  readonly defer: (work: () => Promise<void>) => void;
  /** Called when the cache fails; the search works without it. */
  readonly onFailure: (error: unknown) => void;
}

export interface SearchResult {
  readonly artists: readonly Artist[];
  readonly cache: "HIT" | "MISS";
}

/**
 * The shape of a cached result. Another release of the app may have stored another shape, which counts
 * as a miss.
 */
const kept = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    city: z.string(),
    styles: z.array(z.string()),
    handle: z.string(),
  }),
);

/**
 * Makes the search over its cache. A search waits for at most one call of the store: a result is stored
 * after the response, and is not stored when the store fails.
 */
export function createSearch({ redis, keys, defer, onFailure }: SearchParts) {
  return async (q: string): Promise<SearchResult> => {
    const key = await cacheKey(keys, q);
    let value: unknown;
    try {
      value = await redis.get(key);
    } catch (error) {
      onFailure(error);
      return { artists: searchArtists(q), cache: "MISS" };
    }
    const cached = kept.safeParse(value);
    if (cached.success) return { artists: cached.data, cache: "HIT" };

    const artists = searchArtists(q);
    defer(() => keep(key, artists));
    return { artists, cache: "MISS" };
  };

  async function keep(key: string, artists: readonly Artist[]): Promise<void> {
    try {
      await redis.set(key, artists, { ex: CACHE_SECONDS });
    } catch (error) {
      onFailure(error);
    }
  }
}

/** Returns the key of a search's cached result. */
export async function cacheKey(keys: Pick<Keys, "cache">, q: string): Promise<string> {
  return keys.cache("search", await digest(words(q).join(" ")));
}

/** Returns SHA-256 in hex. Keys appear in lists and logs, and a search may contain a person's name. */
async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
