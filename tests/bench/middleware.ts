import type { benchMiddleware } from "./compare.ts";
import type { Report, Table, Wanted } from "./report/types.ts";
import { connectionsOf, groupWanted } from "./report/wanted.ts";
import { cellsOf, ROW_HEAD } from "./rows.ts";
import { SERVERS, VARIANTS } from "./variants.ts";

type Measured = Awaited<ReturnType<typeof benchMiddleware>>;

/** Makes the report of the results of {@link benchMiddleware}. */
export function middlewareReport(measured: Measured): Report {
  const { rows, wanted, tails, traffic } = measured;
  return {
    data: measured,
    tables: [rowTable(rows), trafficTable(traffic)],
    wanted: [...ratesOf(wanted), ...tailsOf(tails)],
    figures: figuresOf(measured),
    bars: rows.map(({ variant, connections, toNothing }) => ({
      what: VARIANTS[variant].what,
      connections,
      toNothing: Number(toNothing.toFixed(2)),
    })),
  };
}

/** Returns the wanted ratio of one variant to another, for all numbers of connections with the same bound. */
function ratesOf(wanted: Measured["wanted"]): Wanted[] {
  return groupWanted(
    wanted.map(({ of, to, connections, least, seen }) => ({
      what: `${VARIANTS[of].what}, requests/s to ${VARIANTS[to].what}`,
      is: "at least",
      wanted: least,
      at: connectionsOf(connections),
      value: seen,
    })),
  );
}

/** Returns the wanted ratio of p99 under our server to the same app under `next start`. */
function tailsOf(tails: Measured["tails"]): Wanted[] {
  return groupWanted(
    tails.map(({ of, to, connections, most, seen }) => ({
      what: `${VARIANTS[of].what}, p99 to ${VARIANTS[to].what}`,
      is: "at most",
      wanted: most,
      at: connectionsOf(connections),
      value: seen,
    })),
  );
}

/** Ratios such as "one.16.toNothing", and "one.calls16": the REST calls for each of sixteen concurrent requests. */
function figuresOf({ rows, traffic }: Measured): Record<string, string> {
  const ratios = rows.flatMap(({ variant, connections, toNothing, toBatched, toUpstash }) => [
    [`${variant}.${connections}.toNothing`, toNothing.toFixed(2)],
    [`${variant}.${connections}.toBatched`, toBatched.toFixed(2)],
    [`${variant}.${connections}.toExample`, toUpstash.toFixed(2)],
  ]);
  const calls = traffic.map(({ variant, sixteen }) => [
    `${variant}.calls16`,
    sixteen.calls.toFixed(2),
  ]);
  return Object.fromEntries([...ratios, ...calls]) as Record<string, string>;
}

function rowTable(rows: Measured["rows"]): Table {
  return {
    title: "Medians of the rounds, each loaded in turn:",
    head: ["middleware", "served by", "connections", ...ROW_HEAD, "to do-nothing, batched"],
    rows: rows.map((row) => [
      VARIANTS[row.variant].what,
      SERVERS[VARIANTS[row.variant].by].what,
      row.connections,
      ...cellsOf(row),
      row.toBatched.toFixed(2),
    ]),
  };
}

function trafficTable(traffic: Measured["traffic"]): Table {
  return {
    title:
      'What a request costs the store, alone and as one of sixteen at once. "Billed" are the commands that Upstash bills, those inside a script included; bytes are all of the calls and the answers, with their headers:',
    head: [
      "middleware",
      "REST calls",
      "commands billed",
      "bytes",
      "calls of 16",
      "billed of 16",
      "bytes of 16",
    ],
    rows: traffic.map(({ variant, one, sixteen }) => [
      VARIANTS[variant].what,
      ...[one, sixteen].flatMap(({ calls, commands, bytes }) => [
        calls.toFixed(2),
        commands.toFixed(2),
        Math.round(bytes),
      ]),
    ]),
  };
}
