import type { EndedBy } from "./ended-connections.ts";

/** The shortest time between two lines about the same setting, in milliseconds. */
const EVERY_MS = 5_000;

const REASONS: Readonly<Record<EndedBy, (value: string) => string>> = {
  headersTimeoutMs: (value) => `with 408: the headers of a request took longer than ${value} ms`,
  requestTimeoutMs: (value) => `with 408: a request took longer than ${value} ms to arrive`,
  stalledTimeoutMs: (value) => `without an answer in full: no byte moved for ${value} ms`,
  headerBytes: (value) => `with 431: the headers of a request were larger than ${value} bytes`,
  bodyBytes: (value) => `with 413: the body of a request was larger than ${value} bytes`,
};

/** The settings that the lines name. */
export interface EndedLines {
  /** The value of each setting, in its unit. */
  readonly values: Readonly<Record<EndedBy, number>>;
  /** The variable or option that sets each. A setting without a name has a fixed value. */
  readonly names: Readonly<Partial<Record<EndedBy, string>>>;
  readonly report: (line: string) => void;
}

/**
 * Returns a function to call for each connection that a setting ended. The first connection is reported at
 * once. After that there is at most one line for each setting in `everyMs` milliseconds, with the number of
 * connections since the last line. No line contains anything about a client or its request.
 */
export function endedLines(
  { values, names, report }: EndedLines,
  everyMs = EVERY_MS,
): (by: EndedBy) => void {
  const unreported = new Map<EndedBy, number>();
  const tell = (by: EndedBy, count: number) => {
    unreported.set(by, 0);
    report(lineOf(count, REASONS[by](String(values[by])), names[by]));
    setTimeout(reportRest, everyMs, by).unref();
  };
  const reportRest = (by: EndedBy) => {
    const count = unreported.get(by) ?? 0;
    unreported.delete(by);
    if (count > 0) tell(by, count);
  };
  return (by) => {
    const count = unreported.get(by);
    if (count === undefined) tell(by, 1);
    else unreported.set(by, count + 1);
  };
}

function lineOf(count: number, reason: string, name: string | undefined): string {
  const connections = count === 1 ? "1 connection was" : `${count} connections were`;
  const hint = name === undefined ? "" : ` ${name} sets this limit.`;
  return `${connections} ended ${reason}.${hint}`;
}
