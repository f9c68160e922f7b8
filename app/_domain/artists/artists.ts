import list from "./artists.json" with { type: "json" };
import { words } from "./words.ts";

/** An artist as the search returns them. All artists are invented. */
export interface Artist {
  readonly id: string;
  readonly name: string;
  readonly city: string;
  readonly styles: readonly string[];
  /** The Instagram handle, without the @. */
  readonly handle: string;
}

/** The longest query that is read: folding a very long text costs more than a search. */
export const MAX_QUERY_LENGTH = 100;

interface Entry {
  readonly artist: Artist;
  /** The folded name; a query that it begins with ranks first. */
  readonly name: string;
  readonly nameWords: readonly string[];
  readonly allWords: readonly string[];
}

const index: readonly Entry[] = list.map((artist) => {
  const nameWords = words(artist.name);
  return {
    artist,
    name: nameWords.join(" "),
    nameWords,
    allWords: [...nameWords, ...words([artist.city, ...artist.styles, artist.handle].join(" "))],
  };
});

/**
 * Finds artists by name, city, styles and handle, ignoring case and diacritics. Each word of `q` must
 * begin one of the artist's words. Names that begin with `q` come first, then names that contain every
 * word, then the rest; within these the order of the list is kept.
 *
 * @param q at most {@link MAX_QUERY_LENGTH} characters are read; without words, every artist matches
 * @param limit how many artists are returned at most
 */
export function searchArtists(q: string, limit = 20): Artist[] {
  const searched = words(q.slice(0, MAX_QUERY_LENGTH));
  const found: Artist[][] = [[], [], []];
  for (const entry of index) {
    if (hasEvery(entry.allWords, searched)) found[rank(entry, searched)]?.push(entry.artist);
  }
  return found.flat().slice(0, limit);
}

function rank(entry: Entry, searched: readonly string[]): number {
  if (entry.name.startsWith(searched.join(" "))) return 0;
  return hasEvery(entry.nameWords, searched) ? 1 : 2;
}

function hasEvery(owned: readonly string[], searched: readonly string[]): boolean {
  return searched.every((word) => owned.some((own) => own.startsWith(word)));
}
