import { describe, expect, test } from "vitest";
import { summarise, tailsOf, wantedOf } from "../../bench/compare.ts";
import { type Load, readReport } from "../../bench/load.ts";
import { largest } from "../../bench/profile.ts";

/** What wrk 4.1 writes. */
const report = (refused: string) => `Running 2s test @ http://127.0.0.1:3000/api/ping
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    14.10ms   11.23ms 128.01ms   93.21%
    Req/Sec     1.24k   237.53     1.53k    75.00%
  Latency Distribution
     50%  850.00us
     75%   14.21ms
     90%   20.33ms
     99%    1.02s
  2480 requests in 2.00s, 1.02MB read
${refused}Requests/sec:   1238.71
Transfer/sec:    521.33KB
`;

describe("wrk's report", () => {
  test("readReport returns requests per second and milliseconds of wrk's report", () => {
    expect(readReport(report(""), "2xx")).toEqual({
      requestsPerSecond: 1238.71,
      p50: 0.85,
      p99: 1020,
    });
  });

  test.each([
    ["  Non-2xx or 3xx responses: 1\n", "2xx"],
    ["  Non-2xx or 3xx responses: 2479\n", "429"],
    ["", "429"],
    ["  Socket errors: connect 0, read 3, write 0, timeout 0\n", "2xx"],
  ] as const)(
    "readReport rejects the lines %j when all responses must be %s",
    (refused, expected) => {
      expect(() => readReport(report(refused), expected)).toThrow(expected);
    },
  );

  test("readReport accepts denials when every request was denied", () => {
    const refused = "  Non-2xx or 3xx responses: 2480\n";
    expect(readReport(report(refused), "429").requestsPerSecond).toBe(1238.71);
  });
});

describe("the summary of the rounds", () => {
  const loads = (...all: readonly number[]): Load[] =>
    all.map((requestsPerSecond) => ({ requestsPerSecond, p50: 1, p99: 2 }));
  const runs = new Map([
    ["nothing", new Map([[16, loads(100, 200, 50)]])],
    ["upstash", new Map([[16, loads(50, 100, 25)]])],
    ["one", new Map([[16, loads(130, 180, 60)]])],
    ["batched", new Map([[16, loads(200, 200, 100)]])],
  ] as const);

  test("ratios are computed within each round, and the summary has their median", () => {
    expect(summarise(runs, "one", 16)).toMatchObject({
      requestsPerSecond: 130,
      toNothing: 1.2,
      toUpstash: 2.4,
    });
    expect(summarise(runs, "three", 16).toNothing).toBeNaN();
  });

  test("wanted requests per second are met or missed", () => {
    const wanted = wantedOf(runs, [16]).filter(({ seen }) => !Number.isNaN(seen));
    expect(wanted.map(({ of, to, seen, isMet }) => [of, to, seen, isMet])).toEqual([
      ["one", "nothing", 1.2, true],
      ["one", "batched", 0.65, false],
      ["one", "upstash", 2.4, false],
    ]);
  });

  test("a variant that was not loaded misses its bound, at its own numbers of connections only", () => {
    const tcp = wantedOf(runs, [1, 16]).filter(({ of }) => of === "tcp");
    expect(tcp.map(({ to, connections, isMet }) => [to, connections, isMet])).toEqual([
      ["nothing", 1, false],
      ["batched", 16, false],
    ]);
  });

  test("p99 under our server must not exceed p99 under next start", () => {
    const slower = new Map([
      ["nothing", new Map([[16, loads(1)]])],
      ["batched", new Map([[16, loads(1).map((load) => ({ ...load, p99: 3 }))]])],
      ["upstash", new Map([[16, loads(1)]])],
      ["upstashBatched", new Map([[16, loads(2)]])],
    ] as const);
    const tails = tailsOf(slower, [16]).filter(({ seen }) => !Number.isNaN(seen));
    expect(tails.map(({ of, seen, isMet }) => [of, seen, isMet])).toEqual([
      ["batched", 1.5, false],
      ["upstashBatched", 1, true],
    ]);
  });
});

test("largest returns the shares of functions in a profile without idle time", () => {
  const node = (id: number, functionName: string) => ({
    id,
    callFrame: { functionName, lineNumber: 7 },
  });
  const shares = largest({
    nodes: [node(1, "(idle)"), node(2, "fetch"), node(3, ""), node(4, "fetch")],
    samples: [1, 2, 3, 4, 1],
    timeDeltas: [900, 200, 100, 100, 900],
  });
  expect(shares).toEqual([
    { name: "fetch", percent: 75 },
    { name: "(nameless, line 7)", percent: 25 },
  ]);
});
