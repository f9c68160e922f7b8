import type { Tools } from "#app/_domain/headgate";
import { type Artist, searchArtists } from "#app/_domain/artists/artists";
import { CACHE_SECONDS, cacheKey } from "#app/_domain/artists/search";
import type { JobKind } from "./job.ts";

type StepTools = Pick<Tools, "redis" | "keys" | "keyedHash">;

/** One part of a job: a job has one step for each artist. */
export type Step = (tools: StepTools, artist: Artist) => Promise<unknown>;

/** How long an imported artist is kept, in seconds: 30 days. */
const IMPORTED_SECONDS = 30 * 24 * 3600;

/** The work of each kind of job for one artist. */
export const STEPS: Readonly<Record<JobKind, Step>> = {
  /** Searches for the artist, so that the next search for this name finds a cached result. */
  "search-cache": async ({ redis, keys }, { name }) =>
    redis.set(await cacheKey(keys, name), searchArtists(name), { ex: CACHE_SECONDS }),
  /** Stores the artist of the list in Redis. */
  "artist-import": ({ redis, keys, keyedHash }, artist) =>
    redis.set(keys.app("artist", keyedHash("artist", artist.id)), artist, { ex: IMPORTED_SECONDS }),
};

/** Returns all artists of the list. */
export function everyArtist(): readonly Artist[] {
  return searchArtists("", Infinity);
}
