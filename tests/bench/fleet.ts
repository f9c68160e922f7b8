import { type FleetRequest, runFleet } from "../support/fleet.ts";
import type { ModelLimit } from "../support/model.ts";
import { say } from "./report/progress.ts";
import type { Report } from "./report/types.ts";
import { wantedOne } from "./report/wanted.ts";

const INSTANCES = [1, 10, 100] as const;
/** The round trip to the store in milliseconds. */
const LATENCIES = [1, 20, 200] as const;
/** The milliseconds in which all requests come: spread over the window, or in a burst. */
const SPANS = [60_000, 1000] as const;

/** The limit of the client, who sends ten times as many requests. */
const LIMIT: ModelLimit = {
  algorithm: "sliding-window",
  limit: 1000,
  windowMs: 60_000,
  cost: 1,
};

/** The number of fleets of each kind, of which the worst is shown. */
const FLEETS = 5;

/**
 * Simulates fleets of instances that serve one client far beyond its limit on a timeline, and compares the
 * largest count above the limit with the bound.
 */
export async function benchFleet(): Promise<Report> {
  const rows = [];
  for (const instances of INSTANCES) {
    for (const latency of LATENCIES) {
      say(`${instances} instances, ${latency} ms to the store ...`);
      for (const spanMs of SPANS) rows.push(await worstOf(instances, latency, spanMs));
    }
  }
  return {
    data: { limit: LIMIT, fleets: FLEETS, rows },
    tables: [
      {
        title: `One client with ${LIMIT.limit} a minute, who asks ten times as often; the worst of ${FLEETS} fleets:`,
        head: [
          "instances",
          "round trip, ms",
          "all come in, s",
          "allowed optimistically",
          "above the limit",
          "bound",
        ],
        rows: rows.map(({ instances, latency, spanMs, optimistic, over, bound }) => [
          instances,
          latency,
          spanMs / 1000,
          optimistic,
          over,
          bound,
        ]),
      },
    ],
    wanted: [
      wantedOne(
        "fleets that counted more above the limit than the bound",
        "at most",
        0,
        rows.filter(({ over, bound }) => over > bound).length,
      ),
    ],
  };
}

async function worstOf(instances: number, latency: number, spanMs: number) {
  const runs = [];
  for (let seed = 1; seed <= FLEETS; seed += 1) {
    const requests = requestsOf({ instances, latency, spanMs, seed });
    runs.push(await runFleet(LIMIT, "optimistic", requests));
  }
  const broken = runs.find(({ over, bound }) => over > bound);
  if (broken) throw new Error(`The bound does not hold: ${JSON.stringify(broken)}`);
  const [worst] = runs.toSorted((a, b) => b.over - a.over);
  if (!worst) throw new Error("no fleet ran");
  return { instances, latency, spanMs, ...worst, over: Math.max(0, worst.over) };
}

/** Random arrivals, which are the same for the same seed. */
function requestsOf(kind: {
  readonly instances: number;
  readonly latency: number;
  readonly spanMs: number;
  readonly seed: number;
}): FleetRequest[] {
  const { instances, latency, spanMs, seed } = kind;
  const chance = chanceOf(seed);
  const count = 10 * LIMIT.limit;
  const gap = spanMs / count;
  let at = 0;
  return Array.from({ length: count }, () => {
    at += -Math.log(1 - chance()) * gap;
    return {
      instance: Math.floor(chance() * instances),
      at,
      there: (latency / 2) * (0.5 + chance()),
      back: (latency / 2) * (0.5 + chance()),
      work: 10 * chance(),
    };
  });
}

/** Returns a generator of numbers from 0 to 1 by a linear congruence (Park and Miller, 1988). */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
