import type { Bytes } from "../bytes.ts";
import { type Commands, type Context, grows, reads, writes } from "../command.ts";
import { readInteger, readPositive } from "../numbers.ts";
import { OK, type Result } from "../result.ts";
import { List } from "../values.ts";
import { places } from "./places.ts";
import { wrongArity } from "../errors.ts";

export const lists: Commands = {
  lpush: grows(-3, ([key = "", ...items], context) => push("left", key, items, context)),
  rpush: grows(-3, ([key = "", ...items], context) => push("right", key, items, context)),
  lpop: writes(-2, (args, context) => pop("left", "lpop", args, context)),
  rpop: writes(-2, (args, context) => pop("right", "rpop", args, context)),
  llen: reads(2, ([key = ""], { keys }) => keys.list(key)?.items.length ?? 0),
  lrange: reads(4, ([key = "", first = "", last = ""], { keys }) => {
    const [from, to] = [readInteger(first), readInteger(last)];
    const items = keys.list(key)?.items;
    return items?.slice(...places(from, to, items.length)) ?? [];
  }),
  ltrim: writes(4, ([key = "", first = "", last = ""], { keys }) => {
    const [from, to] = [readInteger(first), readInteger(last)];
    const list = keys.list(key);
    list?.keep(...places(from, to, list.items.length));
    keys.changed(key);
    return OK;
  }),
  lindex: reads(3, ([key = "", place = ""], { keys }) => {
    const list = keys.list(key);
    return list?.items.at(readInteger(place)) ?? null;
  }),
};

function push(
  side: "left" | "right",
  key: Bytes,
  items: readonly Bytes[],
  { keys }: Context,
): Result {
  const list = keys.list(key) ?? new List();
  for (const item of items) list.push(side, item);
  keys.put(key, list);
  return list.items.length;
}

function pop(
  side: "left" | "right",
  command: string,
  [key = "", count, ...rest]: readonly Bytes[],
  { keys }: Context,
): Result {
  if (rest.length > 0) throw wrongArity(command);
  const most = count === undefined ? 1 : readPositive(count);
  const list = keys.list(key);
  if (!list) return null;
  const popped: Bytes[] = [];
  while (popped.length < most) {
    const item = list.pop(side);
    if (item === undefined) break;
    popped.push(item);
  }
  keys.changed(key);
  return count === undefined ? (popped[0] ?? null) : popped;
}
