import { percentile, printTable } from "./numbers.ts";
import { type Operation, operationsOn } from "./operations.ts";
import { startServed } from "./served.ts";
import { timeInTurn } from "./timing.ts";

/** What the seed expected of any operation. */
const SEED_P95_MS = 20;

const CALLERS = [1, 20] as const;

/** Measures the handlers' tools over REST, beside a PING on the same way in the same run. */
export async function benchTools(calls: number) {
  const store = await startServed();
  try {
    const operations = await operationsOn(store);
    const rows = [];
    for (const callers of CALLERS) {
      console.error(`measuring with ${callers} at once ...`);
      rows.push(...(await measure(operations, calls, callers)));
    }
    print(rows, calls);
    return { calls, rows };
  } finally {
    await store.stop();
  }
}

interface Row {
  readonly what: string;
  readonly callers: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Of the PING with as many callers. */
  readonly toPing: number;
  readonly verdict: string;
}

async function measure(
  operations: readonly Operation[],
  calls: number,
  callers: number,
): Promise<Row[]> {
  const times = await timeInTurn(operations, { calls, callers });
  const ping = percentile(50, times[0] ?? []);
  return operations.map(({ what, seedMs }, i) => {
    const [p50, p95, p99] = percentiles(times[i] ?? []);
    return {
      what,
      callers,
      p50,
      p95,
      p99,
      toPing: p50 / ping,
      verdict: i === 0 ? "–" : verdict(p50, p95, seedMs),
    };
  });
}

function percentiles(times: readonly number[]): readonly [number, number, number] {
  return [percentile(50, times), percentile(95, times), percentile(99, times)];
}

/** The seed says "under 10 ms" of a check, and "p95 under 20 ms" of all: the first is held to p50. */
function verdict(p50: number, p95: number, seedMs: number | undefined): string {
  const held = (name: string, is: number, under: number) =>
    `${name} < ${under}: ${is < under ? "met" : "not met"}`;
  const ofAny = held("p95", p95, SEED_P95_MS);
  return seedMs === undefined ? ofAny : `${held("p50", p50, seedMs)}; ${ofAny}`;
}

function print(rows: readonly Row[], calls: number): void {
  console.log(
    `\nThe tools, ${calls} calls each: Node, our gateway in a process of its own, redis-server, on loopback\n`,
  );
  printTable(
    ["operation", "callers", "p50 ms", "p95 ms", "p99 ms", "p50 to PING", "the seed's figures"],
    rows.map((row) => [
      row.what,
      row.callers,
      row.p50.toFixed(2),
      row.p95.toFixed(2),
      row.p99.toFixed(2),
      row.toPing.toFixed(2),
      row.verdict,
    ]),
  );
}
