import type { Tools } from "#app/_domain/headgate";
import { type Artist, searchArtists } from "#app/_domain/artists/artists";
import { CACHE_SECONDS, cacheKey } from "#app/_domain/artists/search";
import type { JobKind } from "./job.ts";

type StepTools = Pick<Tools, "redis" | "keys" | "keyedHash">;

/** One small part of a job; a job is as many as there are artists. */
export type Step = (tools: StepTools, artist: Artist) => Promise<unknown>;

/** How long an imported artist is kept, in seconds: 30 days. */
const IMPORTED_SECONDS = 30 * 24 * 3600;

/** What each kind of job does for an artist. */
export const STEPS: Readonly<Record<JobKind, Step>> = {
  /** Searches for the artist, so that the next who does so finds the result kept. */
  "search-cache": async ({ redis, keys }, { name }) =>
    redis.set(await cacheKey(keys, name), searchArtists(name), { ex: CACHE_SECONDS }),
  /** Puts the artist of the list into Redis. */
  "artist-import": ({ redis, keys, keyedHash }, artist) =>
    redis.set(keys.app("artist", keyedHash("artist", artist.id)), artist, { ex: IMPORTED_SECONDS }),
};

/** Everybody in the list. */
export function everyArtist(): readonly Artist[] {
  return searchArtists("", Infinity);
}
