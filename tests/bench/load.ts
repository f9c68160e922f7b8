import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** What one run of load saw. */
export interface Load {
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const SCALE: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

/** Whose requests they are: all one client's, or each another's. */
export type Clients = "one" | "many";

const HEADERS: Readonly<Record<Clients, readonly string[]>> = {
  one: ["-H", "X-Forwarded-For: 203.0.113.9"],
  many: ["-s", join(import.meta.dirname, "clients.lua")],
};

/**
 * Loads an address on this machine with wrk: one thread, `connections` at once, for `seconds`.
 *
 * @throws {Error} when an answer was not 2xx, or nothing could be read from wrk's report
 */
export async function load(
  url: string,
  connections: number,
  seconds: number,
  clients: Clients = "one",
): Promise<Load> {
  const { stdout } = await promisify(execFile)("wrk", [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    ...HEADERS[clients],
    url,
  ]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`some requests failed:\n${stdout}`);
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
