import type { Bytes } from "#lib/gateway/embedded/bytes";
import { type Commands, type Context, grows, reads, writes } from "#lib/gateway/embedded/command";
import { CommandError, SYNTAX } from "#lib/gateway/embedded/errors";
import { readInteger } from "#lib/gateway/embedded/numbers";
import { OK, type Result } from "#lib/gateway/embedded/result";
import { type Entry, Group, type Pending, Stream } from "#lib/gateway/embedded/stream";
import {
  FIRST_ID,
  LAST_ID,
  nextId,
  readBound,
  readId,
  type StreamId,
  writeId,
} from "#lib/gateway/embedded/stream-id";

type Keys = Context["keys"];

const NO_KEY =
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.";

/** Groups of consumers. Of XINFO there is CONSUMERS alone, and XCLAIM and XSETID are not there. */
export const streamGroups: Commands = {
  xack: writes(-4, ([key = "", name = "", ...given], { keys }) => {
    const group = keys.stream(key)?.groups.get(name);
    const ids = group ? given.map((text) => readId(text)) : [];
    const done = ids.filter((id) => group?.pending.delete(id)).length;
    keys.changed(key);
    return done;
  }),
  xautoclaim: writes(-6, ([key = "", name = "", consumer = "", ...words], { keys }) =>
    autoclaim({ key, name, consumer, words }, keys),
  ),
  xpending: reads(-3, ([key = "", name = "", ...words], { keys }) => {
    const asked = readPending(words);
    const group = groupOf(key, name, keys);
    return asked ? details(group, asked, keys.now) : summary(group);
  }),
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
  xgroup: {
    ...unknownSubcommand("XGROUP"),
    subcommands: {
      create: grows(-5, ([word, key = "", name = "", id = "", ...words], { keys }) => {
        const isMade = words[0]?.toUpperCase() === "MKSTREAM";
        if (words.length > (isMade ? 1 : 0)) throw new CommandError(wrongOptions(word));
        const stream = keys.stream(key) ?? (isMade ? new Stream() : undefined);
        if (!stream) throw new CommandError(NO_KEY);
        const lastId = id === "$" ? stream.lastId : readId(id);
        if (stream.groups.has(name)) {
          throw new CommandError("BUSYGROUP Consumer Group name already exists");
        }
        stream.groups.set(name, new Group(lastId));
        keys.put(key, stream);
        return OK;
      }),
      setid: writes(-5, ([word, key = "", name = "", id = "", ...words], { keys }) => {
        if (words.length > 0) throw new CommandError(wrongOptions(word));
        const { stream, group } = existing(key, name, keys);
        group.lastId = id === "$" ? stream.lastId : readId(id);
        return OK;
      }),
      destroy: writes(4, ([, key = "", name = ""], { keys }) => {
        const stream = keys.stream(key);
        if (!stream) throw new CommandError(NO_KEY);
        return stream.groups.delete(name) ? 1 : 0;
      }),
      createconsumer: grows(5, ([, key = "", name = "", consumer = ""], { keys }) => {
        const { group } = existing(key, name, keys);
        if (group.consumers.has(consumer)) return 0;
        group.consumers.set(consumer, keys.now);
        return 1;
      }),
      delconsumer: writes(5, ([, key = "", name = "", consumer = ""], { keys }) => {
        const { group } = existing(key, name, keys);
        const lost = group.pendingOf(consumer);
        for (const { id } of lost) group.pending.delete(id);
        group.consumers.delete(consumer);
        keys.changed(key);
        return lost.length;
      }),
    },
  },
  xinfo: {
    ...unknownSubcommand("XINFO"),
    subcommands: {
      consumers: reads(4, ([, key = "", name = ""], { keys }) => {
        const stream = keys.stream(key);
        if (!stream) throw new CommandError("ERR no such key");
        const group = stream.groups.get(name);
        if (!group) throw new CommandError(noGroup(key, name));
        return [...group.consumers]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([consumer, seenAt]) => [
            "name",
            consumer,
            "pending",
            group.pendingOf(consumer).length,
            "idle",
            keys.now - seenAt,
          ]);
      }),
    },
  },
};

function wrongOptions(word = ""): string {
  return `ERR unknown subcommand or wrong number of arguments for '${word}'. Try XGROUP HELP.`;
}

function unknownSubcommand(name: string) {
  return reads(-2, ([word = ""]) => {
    throw new CommandError(`ERR unknown subcommand '${word}'. Try ${name} HELP.`);
  });
}

interface Sources {
  readonly count: number | undefined;
  readonly isUnacknowledged: boolean;
  readonly sources: readonly { readonly key: Bytes; readonly id: Bytes }[];
}

/** `[COUNT n] [BLOCK ms] [NOACK] STREAMS key… id…`; nothing blocks here. */
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

/** An id of XREAD; ">" is of groups alone. */
function readOwnId(id: Bytes): StreamId {
  if (id !== ">") return readId(id);
  throw new CommandError(
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
  );
}

/** An id of XREADGROUP; undefined for what nobody was given yet. */
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

/** What a consumer was given already, and is given again; deleted entries without their fields. */
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

/** How many entries are looked at for each that may be claimed. */
const LOOKED_AT = 10;

function autoclaim(
  {
    key,
    name,
    consumer,
    words,
  }: { key: Bytes; name: Bytes; consumer: Bytes; words: readonly Bytes[] },
  keys: Keys,
): Result {
  const [idle = "", start = "", ...options] = words;
  const minIdle = Math.max(
    0,
    readInteger(idle, "ERR Invalid min-idle-time argument for XAUTOCLAIM"),
  );
  const from = readBound(start, "from");
  const { count, isIdsOnly } = readClaimOptions(options);
  const group = groupOf(key, name, keys);
  const stream = keys.stream(key);
  const claimed: Pending[] = [];
  const gone: StreamId[] = [];
  let place = group.pending.place(from);
  let left = count * LOOKED_AT;
  while (left > 0 && claimed.length + gone.length < count) {
    const entry = group.pending.items[place];
    if (!entry) break;
    left -= 1;
    if (!stream?.entries.get(entry.id)) {
      group.pending.delete(entry.id);
      gone.push(entry.id);
      continue;
    }
    place += 1;
    if (keys.now - entry.deliveredAt < minIdle) continue;
    group.consumers.set(consumer, keys.now);
    entry.consumer = consumer;
    entry.deliveredAt = keys.now;
    if (!isIdsOnly) entry.deliveries += 1;
    claimed.push(entry);
  }
  keys.changed(key);
  const next = group.pending.items[place]?.id ?? FIRST_ID;
  const entries = claimed.map(({ id }) =>
    isIdsOnly ? writeId(id) : [writeId(id), stream?.entries.get(id)?.fields ?? null],
  );
  return [writeId(next), entries, gone.map(writeId)];
}

/** As Redis has it: what it looks at must be a number of 63 bits. */
const MAX_COUNT = 2 ** 59;

function readClaimOptions(words: readonly Bytes[]) {
  let [count, isIdsOnly] = [100, false];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]?.toUpperCase();
    if (word === "JUSTID") isIdsOnly = true;
    else if (word === "COUNT" && words[at + 1] !== undefined) {
      at += 1;
      count = readInteger(words[at] ?? "");
      if (count < 1 || count > MAX_COUNT) throw new CommandError("ERR COUNT must be > 0");
    } else throw new CommandError(SYNTAX);
  }
  return { count, isIdsOnly };
}

function summary({ pending, consumers }: Group): Result {
  const { items } = pending;
  const [first, last] = [items[0], items.at(-1)];
  if (!first || !last) return [0, null, null, null];
  const counts = [...consumers.keys()].toSorted().flatMap((consumer) => {
    const count = items.filter((entry) => entry.consumer === consumer).length;
    return count > 0 ? [[consumer, String(count)]] : [];
  });
  return [items.length, writeId(first.id), writeId(last.id), counts];
}

interface PendingRange {
  readonly from: StreamId;
  readonly to: StreamId;
  readonly minIdle: number;
  readonly most: number;
  readonly consumer: Bytes | undefined;
}

/** With IDLE and a consumer; without them Redis reads past words that are too many. */
const MOST_WORDS = 6;

/** `[[IDLE ms] from to count [consumer]]`. */
function readPending(words: readonly Bytes[]): PendingRange | undefined {
  if (words.length === 0) return undefined;
  const hasIdle = words[0]?.toUpperCase() === "IDLE";
  const [from, to, count, consumer] = hasIdle ? words.slice(2) : words;
  const isTooLong = words.length > MOST_WORDS;
  if (from === undefined || to === undefined || count === undefined || isTooLong) {
    throw new CommandError(SYNTAX);
  }
  const minIdle = hasIdle ? readInteger(words[1] ?? "") : 0;
  const most = Math.max(0, readInteger(count));
  return { from: readBound(from, "from"), to: readBound(to, "to"), minIdle, most, consumer };
}

function details(
  group: Group,
  { from, to, minIdle, most, consumer }: PendingRange,
  now: number,
): Result {
  return group.pending
    .between(from, to)
    .filter((entry) => consumer === undefined || entry.consumer === consumer)
    .filter((entry) => now - entry.deliveredAt >= minIdle)
    .slice(0, most)
    .map(({ id, consumer: of, deliveredAt, deliveries }) => [
      writeId(id),
      of,
      now - deliveredAt,
      deliveries,
    ]);
}

/** An entry as it is answered. */
export function writeEntry({ id, fields }: Entry): Result {
  return [writeId(id), [...fields]];
}

function groupOf(key: Bytes, name: Bytes, keys: Keys): Group {
  const group = keys.stream(key)?.groups.get(name);
  if (group) return group;
  throw new CommandError(`NOGROUP No such key '${key}' or consumer group '${name}'`);
}

function existing(key: Bytes, name: Bytes, keys: Keys): { stream: Stream; group: Group } {
  const stream = keys.stream(key);
  if (!stream) throw new CommandError(NO_KEY);
  const group = stream.groups.get(name);
  if (!group) throw new CommandError(noGroup(key, name));
  return { stream, group };
}

function noGroup(key: Bytes, name: Bytes): string {
  return `NOGROUP No such consumer group '${name}' for key name '${key}'`;
}

function orNull(found: readonly Result[]): Result {
  return found.length > 0 ? found : null;
}
