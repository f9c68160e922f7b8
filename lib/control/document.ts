import { type Clock, monotonic } from "#lib/core/clock";
import { errorIn } from "#lib/redis/errors";
import type { Requester, UpstashResponse } from "#lib/redis/upstash-protocol";
import { type Entry, LONGEST_MS, MOST_WITH_MODES, readEntry } from "./entry.ts";
import type { Held } from "./tuning.ts";

/** How many fields of a hash are read in one call. */
const PAGE = 1000;

/**
 * The entries of a document by their ids; undefined for an entry that cannot be read, or that exceeds the
 * maximum.
 */
export type ReadEntries = ReadonlyMap<string, Held<Entry> | undefined>;

/**
 * Reads the entries of a document, up to the maximum number.
 *
 * @param clock the monotonic clock on which entries end, in milliseconds
 * @throws {StoreError} when the store fails or rejects the call
 */
export async function readEntries(
  requester: Requester,
  key: string,
  clock: Clock = monotonic,
): Promise<ReadEntries> {
  const entries = new Map<string, Held<Entry> | undefined>();
  for await (const { fields, ahead } of readPages(requester, key, clock)) {
    for (const [id, text] of fields) {
      const isBeyond = entries.size >= MOST_WITH_MODES && !entries.has(id);
      const entry = isBeyond ? undefined : readEntry(text);
      // An entry that was not written by Headgate may end later than allowed.
      const latest = clock() + LONGEST_MS;
      entries.set(id, entry && { ...entry, endsAt: Math.min(entry.until + ahead, latest) });
    }
    if (entries.size > MOST_WITH_MODES) break;
  }
  return entries;
}

/** A page of a hash. */
export interface Page {
  readonly fields: readonly (readonly [field: string, value: unknown])[];
  /** How far the monotonic clock was ahead of Redis's, in milliseconds. */
  readonly ahead: number;
}

/**
 * Reads a hash page by page, so that each call is short. A field may come twice.
 *
 * @throws {StoreError} when the store fails or rejects the call
 */
export async function* readPages(
  requester: Requester,
  key: string,
  clock: Clock = monotonic,
): AsyncGenerator<Page> {
  let cursor = "0";
  do {
    const scan = ["HSCAN", key, cursor, "COUNT", PAGE];
    const [time, page] = await sendAll(requester, ["TIME"], scan);
    const [seconds, micros] = time as readonly string[];
    const ahead = clock() - Number(seconds) * 1000 - Number(micros) / 1000;
    const [next, flat] = page as readonly [unknown, readonly string[]];
    cursor = String(next);
    const fields = flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1]] as const] : []));
    yield { fields, ahead };
  } while (cursor !== "0");
}

/**
 * Sends commands in one call, and returns their results in order.
 *
 * @throws {StoreError} when the store fails, or rejects one of them
 */
export async function sendAll(
  requester: Requester,
  ...commands: readonly (readonly (string | number)[])[]
): Promise<readonly unknown[]> {
  const answers: unknown = await requester.request({ path: ["pipeline"], body: commands });
  return commands.map((command, i) => {
    const answer = Array.isArray(answers) ? (answers[i] as unknown) : undefined;
    const error = errorIn(String(command[0]), answer);
    if (error) throw error;
    return (answer as UpstashResponse<unknown>).result;
  });
}
