import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** The result of one load. */
export interface Load {
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const SCALE: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

/** The clients of the requests: one for all, or another one for each. */
export type Clients = "one" | "many";

const HEADERS: Readonly<Record<Clients, readonly string[]>> = {
  one: ["-H", "X-Forwarded-For: 203.0.113.9"],
  many: ["-s", join(import.meta.dirname, "clients.lua")],
};

/** The expected status of all responses. */
export type Expected = "2xx" | "429";

/**
 * Loads an address on this machine with wrk: one thread, `connections` at once, for `seconds`.
 *
 * @param expected wrk does not report statuses, so for "429" the first response is checked
 * @throws {Error} when a response was not as expected, or wrk's report cannot be read
 */
export async function load(
  url: string,
  connections: number,
  seconds: number,
  { clients = "one", expected = "2xx" }: { clients?: Clients; expected?: Expected } = {},
): Promise<Load> {
  if (expected === "429") await expectRefusal(url);
  const { stdout } = await promisify(execFile)("wrk", [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--timeout",
    "10s",
    "--latency",
    ...HEADERS[clients],
    url,
  ]);
  return readReport(stdout, expected);
}

async function expectRefusal(url: string): Promise<void> {
  const { status } = await fetch(url, { headers: { "x-forwarded-for": "203.0.113.9" } });
  if (status !== 429) throw new Error(`${url} answered ${status}, and not 429`);
}

/**
 * Reads the report of wrk.
 *
 * @throws {Error} when a response was not as expected, or the text is not a report
 */
export function readReport(stdout: string, expected: Expected): Load {
  const requests = Number(found(/(\d+) requests in/, stdout));
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0);
  const isExpected = refused === (expected === "429" ? requests : 0);
  if (!isExpected || stdout.includes("Socket errors")) {
    throw new Error(`some answers are not ${expected}:\n${stdout}`);
  }
  return {
    requestsPerSecond: Number(found(/Requests\/sec:\s+([\d.]+)/, stdout)),
    p50: milliseconds("50%", stdout),
    p99: milliseconds("99%", stdout),
  };
}

function milliseconds(percentile: string, report: string): number {
  const [, value, unit] = new RegExp(`${percentile}\\s+([\\d.]+)(us|ms|s)`).exec(report) ?? [];
  return Number(value) * (SCALE[unit ?? ""] ?? NaN);
}

function found(pattern: RegExp, report: string): string {
  const value = pattern.exec(report)?.[1];
  if (value === undefined) throw new Error(`wrk's report cannot be read:\n${report}`);
  return value;
}
