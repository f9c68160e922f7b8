import type { Bytes } from "../bytes.ts";
import { type Commands, type Context, grows, reads, writes } from "../command.ts";
import { CommandError } from "../errors.ts";
import { OK } from "../result.ts";
import { Group, Stream } from "../stream.ts";
import { readId } from "../stream-id.ts";

type Keys = Context["keys"];

const NO_KEY =
  "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.";

/** The commands of consumer groups. XINFO supports only CONSUMERS, and there is no XSETID. */
export const streamGroups: Commands = {
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
        const counts = group.pendingCounts();
        return [...group.consumers]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([consumer, seenAt]) => [
            "name",
            consumer,
            "pending",
            counts.get(consumer) ?? 0,
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
