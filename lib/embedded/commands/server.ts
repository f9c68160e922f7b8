import type { Bytes } from "../bytes.ts";
import { type Commands, type Context, reads, writes } from "../command.ts";
import { CommandError, SYNTAX, wrongArity } from "../errors.ts";
import { OK, type Result, Status } from "../result.ts";

const PONG = new Status("PONG");

export const server: Commands = {
  ping: reads(-1, ([text, ...rest]) => {
    if (rest.length > 0) throw wrongArity("ping");
    return text ?? PONG;
  }),
  echo: reads(2, ([text = ""]) => text),
  time: reads(1, (_, { time }) => {
    const seconds = Math.floor(time / 1000);
    return [String(seconds), String(Math.floor((time - seconds * 1000) * 1000))];
  }),
  dbsize: reads(1, (_, { keys }) => keys.size),
  flushdb: writes(-1, flush),
  flushall: writes(-1, flush),
  info: reads(-1, (_, context) => info(context)),
};

function flush(options: readonly Bytes[], { keys }: Context): Result {
  const isKnown = /^(?:A?SYNC)$/i.test(options[0] ?? "SYNC");
  if (options.length > 1 || !isKnown) throw new CommandError(SYNTAX);
  keys.clear();
  return OK;
}

function info({ keys, maxBytes }: Context): Bytes {
  const lines = [
    "# Server",
    "redis_version:7.0.0",
    "redis_mode:standalone",
    "headgate_store:embedded",
    "",
    "# Memory",
    `used_memory:${keys.bytes}`,
    `maxmemory:${maxBytes}`,
    "maxmemory_policy:noeviction",
    "",
    "# Keyspace",
    `db0:keys=${keys.size}`,
    "",
  ];
  return lines.join("\r\n");
}
