/** The calls and the time of one command since Redis started. */
export interface CommandStat {
  readonly calls: number;
  /** The sum of all calls in microseconds. */
  readonly usec: number;
}

/**
 * Reads the output of INFO commandstats. The names are in lower case, and a subcommand is `script|load`.
 * A command that a script calls is counted like one that a client sent.
 */
export function readCommandStats(info: string): ReadonlyMap<string, CommandStat> {
  const lines = info.matchAll(/^cmdstat_([^:\s]+):calls=(\d+),usec=(\d+)/gm);
  return new Map(
    [...lines].map(([, name = "", calls, usec]) => [
      name,
      { calls: Number(calls), usec: Number(usec) },
    ]),
  );
}
