import type { Bytes } from "../bytes.ts";
import { type Commands, type Context, reads, writes } from "../command.ts";
import { CommandError, SYNTAX } from "../errors.ts";
import { readInteger } from "../numbers.ts";
import type { Result } from "../result.ts";
import { type Entry, type Group, type Stream, writeEntry } from "../stream.ts";
import { LAST_ID, nextId, readId, type StreamId, writeId } from "../stream-id.ts";

type Keys = Context["keys"];

/**
 * The commands that read entries after an id: XREAD for any client, and XREADGROUP, which delivers each entry
 * to one consumer of a group.
 */
export const streamReads: Commands = {
  xread: reads(-4, (words, { keys }) => {
    const { count, sources } = readSources(words, "XREAD");
    const asked = sources.map(({ key, id }) => ({
      key,
      stream: keys.stream(key),
      id: id === "$" ? undefined : readOwnId(id),
    }));
    return orNull(
      asked.flatMap(({ key, stream, id }) => {
        if (!stream) return [];
        const after = id ?? stream.lastId;
        const found = following(stream, after, count);
        return found.length > 0 ? [[key, found.map(writeEntry)]] : [];
      }),
    );
  }),
  xreadgroup: writes(-7, (words, { keys }) => readGroup(words, keys)),
};

interface Sources {
  readonly count: number | undefined;
  readonly isUnacknowledged: boolean;
  readonly sources: readonly { readonly key: Bytes; readonly id: Bytes }[];
}

/** Reads `[COUNT n] [BLOCK ms] [NOACK] STREAMS key… id…`. BLOCK has no effect here. */
function readSources(words: readonly Bytes[], command: "XREAD" | "XREADGROUP"): Sources {
  let count: number | undefined;
  let isUnacknowledged = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]?.toUpperCase();
    if (word === "STREAMS") {
      const rest = words.slice(at + 1);
      const half = rest.length / 2;
      if (half === 0 || !Number.isInteger(half)) throw new CommandError(UNBALANCED);
      const sources = rest.slice(0, half).map((key, i) => ({ key, id: rest[half + i] ?? "" }));
      return { count, isUnacknowledged, sources };
    }
    if (command === "XREAD" && (word === "NOACK" || word === "GROUP")) {
      throw new CommandError(
        `ERR The ${word} option is only supported by XREADGROUP. You called XREAD instead.`,
      );
    }
    if (word === "NOACK") isUnacknowledged = true;
    else if (word === "COUNT" || word === "BLOCK") {
      at += 1;
      const value = readInteger(words[at] ?? "");
      if (word === "COUNT" && value > 0) count = value;
    } else throw new CommandError(SYNTAX);
  }
  throw new CommandError(SYNTAX);
}

const UNBALANCED =
  "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.";

/** Reads an id of XREAD. ">" is only for groups. */
function readOwnId(id: Bytes): StreamId {
  if (id !== ">") return readId(id);
  throw new CommandError(
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
  );
}

/** Reads an id of XREADGROUP. Returns undefined for ">", which means entries that no consumer was given yet. */
function readGroupId(id: Bytes): StreamId | undefined {
  if (id === ">") return undefined;
  if (id !== "$") return readId(id);
  throw new CommandError(
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
  );
}

function readGroup([word = "", name = "", consumer = "", ...words]: readonly Bytes[], keys: Keys) {
  if (word.toUpperCase() !== "GROUP") throw new CommandError(SYNTAX);
  const { count, isUnacknowledged, sources } = readSources(words, "XREADGROUP");
  const groups = sources.map(({ key, id }) => {
    const stream = keys.stream(key);
    const group = stream?.groups.get(name);
    if (!stream || !group) {
      throw new CommandError(
        `NOGROUP No such key '${key}' or consumer group '${name}' in XREADGROUP with GROUP option`,
      );
    }
    return { key, stream, group, after: readGroupId(id) };
  });
  return orNull(
    groups.flatMap(({ key, stream, group, after }) => {
      if (after) group.consumers.set(consumer, keys.now);
      if (after) return [[key, history({ stream, group, consumer, after, count }, keys.now)]];
      const found = following(stream, group.lastId, count);
      const last = found.at(-1);
      if (!last) return [];
      group.consumers.set(consumer, keys.now);
      group.lastId = last.id;
      if (!isUnacknowledged) {
        for (const { id } of found) {
          group.pending.set({ id, consumer, deliveredAt: keys.now, deliveries: 1 });
        }
      }
      keys.changed(key);
      return [[key, found.map(writeEntry)]];
    }),
  );
}

/**
 * Returns the entries that a consumer was given already and has not acknowledged. Deleted entries come
 * without fields.
 */
function history(
  {
    stream,
    group,
    consumer,
    after,
    count,
  }: {
    stream: Stream;
    group: Group;
    consumer: Bytes;
    after: StreamId;
    count: number | undefined;
  },
  now: number,
): Result {
  const from = nextId(after);
  const found = from ? group.pending.between(from, LAST_ID) : [];
  return found
    .filter((entry) => entry.consumer === consumer)
    .slice(0, count)
    .map((pending) => {
      const entry = stream.entries.get(pending.id);
      if (!entry) return [writeId(pending.id), null];
      pending.deliveredAt = now;
      pending.deliveries += 1;
      return writeEntry(entry);
    });
}

function following(stream: Stream, after: StreamId, count: number | undefined): Entry[] {
  const from = nextId(after);
  if (!from) return [];
  const start = stream.entries.place(from);
  return stream.entries.items.slice(start, count === undefined ? undefined : start + count);
}

function orNull(found: readonly Result[]): Result {
  return found.length > 0 ? found : null;
}
