import type { Bytes } from "../bytes.ts";
import { type Commands, type Context, reads, writes } from "../command.ts";
import { CommandError, SYNTAX } from "../errors.ts";
import { readInteger } from "../numbers.ts";
import type { Result } from "../result.ts";
import type { Group, Pending } from "../stream.ts";
import { FIRST_ID, readBound, readId, type StreamId, writeId } from "../stream-id.ts";

type Keys = Context["keys"];

/** The commands of entries that were delivered and not acknowledged. There is no XCLAIM. */
export const streamPending: Commands = {
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
};

/** How many entries are visited for each that may be claimed. */
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
    const entry = group.pending.items.at(place);
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
  const next = group.pending.items.at(place)?.id ?? FIRST_ID;
  const entries = claimed.map(({ id }) =>
    isIdsOnly ? writeId(id) : [writeId(id), stream?.entries.get(id)?.fields ?? null],
  );
  return [writeId(next), entries, gone.map(writeId)];
}

/** The limit of Redis: ten times the count must fit into 63 bits. */
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

function summary(group: Group): Result {
  const { pending, consumers } = group;
  const { items } = pending;
  const [first, last] = [items.at(0), items.at(-1)];
  if (!first || !last) return [0, null, null, null];
  const counts = group.pendingCounts();
  const counted = [...consumers.keys()].toSorted().flatMap((consumer) => {
    const count = counts.get(consumer);
    return count === undefined ? [] : [[consumer, String(count)]];
  });
  return [items.length, writeId(first.id), writeId(last.id), counted];
}

interface PendingRange {
  readonly from: StreamId;
  readonly to: StreamId;
  readonly minIdle: number;
  readonly most: number;
  readonly consumer: Bytes | undefined;
}

/** The number of arguments with IDLE and a consumer. Without those, Redis ignores extra arguments. */
const MOST_WORDS = 6;

/** Reads `[[IDLE ms] from to count [consumer]]`. */
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

function groupOf(key: Bytes, name: Bytes, keys: Keys): Group {
  const group = keys.stream(key)?.groups.get(name);
  if (group) return group;
  throw new CommandError(`NOGROUP No such key '${key}' or consumer group '${name}'`);
}
