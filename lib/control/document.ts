import { monotonic } from "#lib/core/clock";
import { errorIn } from "#lib/redis/errors";
import type { Requester, UpstashResponse } from "#lib/redis/upstash-protocol";
import { type Entry, MOST_ENTRIES, readEntry } from "./entry.ts";
import type { Held } from "./tuning.ts";

/** Fields of a hash that are asked for in one call. */
const PAGE = 1000;

/** The entries of a document by their ids: undefined for one that cannot be read, or comes after too many. */
export type ReadEntries = ReadonlyMap<string, Held<Entry> | undefined>;

/**
 * Reads the entries of a document page by page, so that each call is short.
 *
 * @throws {StoreError} when the store fails or refuses
 */
export async function readEntries(requester: Requester, key: string): Promise<ReadEntries> {
  const entries = new Map<string, Held<Entry> | undefined>();
  await readHash(requester, key, (id, text, ahead) => {
    const entry = entries.size < MOST_ENTRIES ? readEntry(text) : undefined;
    entries.set(id, entry && { ...entry, endsAt: entry.until + ahead });
  });
  return entries;
}

/**
 * Reads every field of a hash page by page.
 *
 * @param take is called with a field, its value, and how far the monotonic clock is ahead of Redis's, in milliseconds
 * @throws {StoreError} when the store fails or refuses
 */
export async function readHash(
  requester: Requester,
  key: string,
  take: (field: string, value: unknown, ahead: number) => void,
): Promise<void> {
  let cursor = "0";
  do {
    const scan = ["HSCAN", key, cursor, "COUNT", PAGE];
    const [time, page] = await sendAll(requester, ["TIME"], scan);
    const [seconds, micros] = time as readonly string[];
    const ahead = monotonic() - Number(seconds) * 1000 - Number(micros) / 1000;
    const [next, fields] = page as readonly [unknown, readonly string[]];
    cursor = String(next);
    for (let i = 0; i < fields.length; i += 2) take(fields[i] as string, fields[i + 1], ahead);
  } while (cursor !== "0");
}

/**
 * Sends commands together, and returns their results in order.
 *
 * @throws {StoreError} when the store fails, or refuses one of them
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
