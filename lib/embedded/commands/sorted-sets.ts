import type { Bytes } from "../bytes.ts";
import { type Commands, type Context, grows, reads, writes } from "../command.ts";
import { readInteger, writeDouble } from "../numbers.ts";
import type { Result } from "../result.ts";
import type { ScoreBound } from "../sorted-set.ts";
import { places } from "./places.ts";
import { readScan, scanned } from "./scan.ts";
import { zadd, zincrby } from "./zadd.ts";
import { zrange, zrangebyscore } from "./zrange.ts";
import { readBounds } from "./score-bounds.ts";

export const sortedSets: Commands = {
  zadd: grows(-4, zadd),
  zincrby: grows(4, zincrby),
  zrem: writes(-3, ([key = "", ...members], { keys }) => {
    const set = keys.sortedSet(key);
    if (!set) return 0;
    const removed = members.filter((member) => set.delete(member)).length;
    keys.changed(key);
    return removed;
  }),
  zremrangebyscore: writes(4, ([key = "", min = "", max = ""], { keys }) => {
    const bounds = readBounds(min, max);
    const set = keys.sortedSet(key);
    const removed = set?.removeRange(...set.places(...bounds)) ?? 0;
    keys.changed(key);
    return removed;
  }),
  zremrangebyrank: writes(4, ([key = "", first = "", last = ""], { keys }) => {
    const [from, to] = [readInteger(first), readInteger(last)];
    const set = keys.sortedSet(key);
    const removed = set?.removeRange(...places(from, to, set.size)) ?? 0;
    keys.changed(key);
    return removed;
  }),
  zcard: reads(2, ([key = ""], { keys }) => keys.sortedSet(key)?.size ?? 0),
  zcount: reads(4, ([key = "", min = "", max = ""], context) =>
    count(key, readBounds(min, max), context),
  ),
  zscore: reads(3, ([key = "", member = ""], { keys }) =>
    scoreText(keys.sortedSet(key)?.score(member)),
  ),
  zmscore: reads(-3, ([key = "", ...members], { keys }) => {
    const set = keys.sortedSet(key);
    return members.map((member) => scoreText(set?.score(member)));
  }),
  zrank: reads(3, ([key = "", member = ""], { keys }) => keys.sortedSet(key)?.rank(member) ?? null),
  zrevrank: reads(3, ([key = "", member = ""], { keys }) => {
    const set = keys.sortedSet(key);
    const rank = set?.rank(member);
    return set === undefined || rank === undefined ? null : set.size - 1 - rank;
  }),
  zrange: reads(-4, zrange({ reversed: false })),
  zrevrange: reads(-4, zrange({ reversed: true })),
  zrangebyscore: reads(-4, zrangebyscore({ reversed: false })),
  zrevrangebyscore: reads(-4, zrangebyscore({ reversed: true })),
  zscan: reads(-3, ([key = "", cursor = "", ...options], { keys }) =>
    scanned(cursor, () => {
      const set = keys.sortedSet(key);
      if (!set) return [];
      const { matches } = readScan(options);
      const found = set.slice(0, set.size).filter(({ member }) => matches(member));
      return found.flatMap(({ member, score }) => [member, writeDouble(score)]);
    }),
  ),
};

function count(key: Bytes, bounds: readonly [ScoreBound, ScoreBound], { keys }: Context): Result {
  const [start, end] = keys.sortedSet(key)?.places(...bounds) ?? [0, 0];
  return end - start;
}

function scoreText(score: number | undefined): Bytes | null {
  return score === undefined ? null : writeDouble(score);
}
