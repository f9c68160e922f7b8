/** How often Redis ran one command since it started, and for how long. */
export interface CommandStat {
  readonly calls: number;
  /** Microseconds of all calls together. */
  readonly usec: number;
}

/**
 * Reads the answer of INFO commandstats. The names are Redis's own, in small letters; a subcommand is
 * `script|load`. A command that a script calls is counted like one that a client sent.
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
