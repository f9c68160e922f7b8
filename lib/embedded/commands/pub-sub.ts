import { type Commands, reads, writes } from "../command.ts";
import { CommandError } from "../errors.ts";
import { globMatcher } from "../glob.ts";

const subcommands: Commands = {
  channels: reads(-2, ([subcommand = "", pattern, ...rest], { subscriptions }) => {
    if (rest.length > 0) throw unknown(subcommand);
    const names = subscriptions.channels();
    return pattern === undefined ? names : names.filter(globMatcher(pattern));
  }),
  numsub: reads(-2, ([, ...names], { subscriptions }) =>
    names.flatMap((name) => [name, subscriptions.count(name)]),
  ),
  numpat: reads(2, (_, { subscriptions }) => subscriptions.patterns),
  // Shard channels have no subscribers here.
  shardchannels: reads(-2, ([subcommand = "", , ...rest]) => {
    if (rest.length > 0) throw unknown(subcommand);
    return [];
  }),
  shardnumsub: reads(-2, ([, ...names]) => names.flatMap((name) => [name, 0])),
};

export const pubSub: Commands = {
  // PUBLISH counts as a write because Redis does not permit it in read-only scripts.
  publish: writes(3, ([channel = "", payload = ""], { subscriptions }) =>
    subscriptions.publish(channel, payload),
  ),
  pubsub: {
    ...reads(-2, ([subcommand = ""]) => {
      throw new CommandError(`ERR unknown subcommand '${subcommand}'. Try PUBSUB HELP.`);
    }),
    subcommands,
  },
};

function unknown(subcommand: string): CommandError {
  return new CommandError(
    `ERR unknown subcommand or wrong number of arguments for '${subcommand}'. Try PUBSUB HELP.`,
  );
}
