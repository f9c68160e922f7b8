import { startRedis } from "../support/redis.ts";
import { proxyByRest, proxyByTcp } from "../support/proxy.ts";
import { startProgram } from "../support/app.ts";
import { type Load, load } from "./load.ts";
import { percentile } from "./numbers.ts";
import { say } from "./report/progress.ts";
import type { Report } from "./report/types.ts";

const TARGETS = { rest: proxyByRest, tcp: proxyByTcp } as const;
type Way = keyof typeof TARGETS;
const CONNECTIONS = [1, 16] as const;
const TOKEN = "a-token-of-the-benchmark";

/**
 * Compares the sample with proxy.ts over REST, through a gateway in a separate process, and over TCP. Each
 * request is a search by another client, which calls the store twice.
 *
 * @throws {Error} when a response was not 2xx
 */
export async function benchProxy({
  rounds,
  seconds,
}: {
  readonly rounds: number;
  readonly seconds: number;
}): Promise<Report> {
  await proxyByRest.build();
  const redis = await startRedis();
  const gateway = await startProgram(["lib/cli/gateway.ts"], {
    REDIS_URL: redis.url,
    GATEWAY_PORT: "0",
    GATEWAY_TOKEN: TOKEN,
  });
  const store = { url: gateway.url, token: TOKEN, redis, stop: async () => {} };
  const runs = new Map<string, Load[]>();
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const way of ["rest", "tcp"] as const) {
        const app = await TARGETS[way].start(store, {});
        try {
          await load(`${app.url}/api/search`, 16, 2, { clients: "many" });
          for (const connections of CONNECTIONS) {
            const seen = await load(`${app.url}/api/search`, connections, seconds, {
              clients: "many",
            });
            const name = nameOf(way, connections);
            runs.set(name, [...(runs.get(name) ?? []), seen]);
            say(
              `round ${round} of ${rounds}, ${name}: ${Math.round(seen.requestsPerSecond)} requests/s`,
            );
          }
        } finally {
          await app.stop();
        }
      }
    }
  } finally {
    await gateway.stop();
    await redis.stop();
  }
  const rows = CONNECTIONS.map((connections) => rowOf(runs, connections));
  return reportOf(rows);
}

const nameOf = (way: Way, connections: number) => `${way}, ${connections} connections`;

function rowOf(runs: ReadonlyMap<string, readonly Load[]>, connections: number) {
  const median = (way: Way, of: (load: Load) => number) =>
    percentile(50, (runs.get(nameOf(way, connections)) ?? []).map(of));
  const ratio = (of: (load: Load) => number) => median("tcp", of) / median("rest", of);
  return {
    connections,
    requests: ratio((it) => it.requestsPerSecond),
    p50: ratio((it) => it.p50),
    p99: ratio((it) => it.p99),
    restPerSecond: median("rest", (it) => it.requestsPerSecond),
  };
}

function reportOf(rows: readonly ReturnType<typeof rowOf>[]): Report {
  return {
    data: rows,
    wanted: [],
    tables: [
      {
        title:
          "TCP to REST, medians of all rounds; each request is a search by another client, which asks the store twice.",
        head: ["connections", "requests/s", "p50", "p99", "requests/s by REST"],
        rows: rows.map(({ connections, requests, p50, p99, restPerSecond }) => [
          connections,
          requests.toFixed(2),
          p50.toFixed(2),
          p99.toFixed(2),
          Math.round(restPerSecond),
        ]),
      },
    ],
  };
}
