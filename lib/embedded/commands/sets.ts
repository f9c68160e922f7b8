import { type Commands, grows, reads, writes } from "../command.ts";
import { MemberSet } from "../values.ts";
import { readScan, scanned } from "./scan.ts";

export const sets: Commands = {
  sadd: grows(-3, ([key = "", ...members], { keys }) => {
    const set = keys.set(key) ?? new MemberSet();
    const added = members.filter((member) => set.add(member)).length;
    keys.put(key, set);
    return added;
  }),
  srem: writes(-3, ([key = "", ...members], { keys }) => {
    const set = keys.set(key);
    if (!set) return 0;
    const removed = members.filter((member) => set.delete(member)).length;
    keys.changed(key);
    return removed;
  }),
  smembers: reads(2, ([key = ""], { keys }) => [...(keys.set(key)?.members ?? [])]),
  sismember: reads(3, ([key = "", member = ""], { keys }) =>
    keys.set(key)?.members.has(member) ? 1 : 0,
  ),
  smismember: reads(-3, ([key = "", ...members], { keys }) => {
    const set = keys.set(key);
    return members.map((member) => (set?.members.has(member) ? 1 : 0));
  }),
  scard: reads(2, ([key = ""], { keys }) => keys.set(key)?.members.size ?? 0),
  sscan: reads(-3, ([key = "", cursor = "", ...options], { keys }) =>
    scanned(cursor, () => {
      const set = keys.set(key);
      if (!set) return [];
      const { matches } = readScan(options);
      return [...set.members].filter(matches);
    }),
  ),
};
