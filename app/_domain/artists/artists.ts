import list from "./artists.json" with { type: "json" };
import { words } from "./words.ts";

/** An artist as the search shows them. All of them are made up. */
export interface Artist {
  readonly id: string;
  readonly name: string;
  readonly city: string;
  readonly styles: readonly string[];
  /** On Instagram, without the @. */
  readonly handle: string;
}

/** What is longer is not read: folding a very long text costs more than any search is worth. */
export const MAX_QUERY_LENGTH = 100;

interface Entry {
  readonly artist: Artist;
  /** The folded name, to begin with. */
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
 * Finds artists by name, city, styles and handle, without regard to case and diacritics. Each word
 * of `q` must begin a word of the artist's. Names that begin with `q` come first, then those whose
 * name has every word, then the rest; within these, the order of the list.
 *
 * @param q at most {@link MAX_QUERY_LENGTH} characters are read; without words, everybody matches
 * @param limit the most artists to answer
 */
export function searchArtists(q: string, limit = 20): Artist[] {
  const asked = words(q.slice(0, MAX_QUERY_LENGTH));
  const found: Artist[][] = [[], [], []];
  for (const entry of index) {
    if (hasEvery(entry.allWords, asked)) found[rank(entry, asked)]?.push(entry.artist);
  }
  return found.flat().slice(0, limit);
}

function rank(entry: Entry, asked: readonly string[]): number {
  if (entry.name.startsWith(asked.join(" "))) return 0;
  return hasEvery(entry.nameWords, asked) ? 1 : 2;
}

function hasEvery(owned: readonly string[], asked: readonly string[]): boolean {
  return asked.every((word) => owned.some((own) => own.startsWith(word)));
}
