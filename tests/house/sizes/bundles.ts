import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOMS } from "../../../rooms.ts";
import { roomOf } from "../room-of.ts";
import type { Bundle } from "./measure.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** A bundle that has a name on the page of sizes. */
export interface Named extends Bundle {
  readonly name: string;
}

const GATE = readFileSync(join(ROOT, "tests", "fixtures", "size", "gate.ts"), "utf8");
const FACTORY = readFileSync(join(ROOT, "tests", "fixtures", "size", "factory.ts"), "utf8");

/** Each step has what the steps before it have, and one thing more. */
const STEPS: readonly (readonly [name: string, source: string])[] = [
  ["the gate alone (`lib/gate.ts`)", GATE],
  ["and `fromEnv`", 'export { fromEnv } from "headgate";'],
  ["and batches", 'export { batchCalls } from "#lib/redis/batching";'],
  ["and `logEvents`", 'export { logEvents } from "headgate";'],
  ["and limits for handlers", 'export { createLimits } from "headgate";'],
  ["and an app's own middleware with a matcher", 'export { runsOn } from "headgate";'],
];

/** From the gate alone to all that the factory has. */
export const GROWING: readonly Named[] = [
  ...STEPS.map(([name], i) => ({
    name,
    source: STEPS.slice(0, i + 1)
      .map(([, source]) => source)
      .join("\n"),
  })),
  { name: "the factory: `createHeadgate(policy)`", source: FACTORY },
];

/** What stands in every bundle of the gate, and the files that hold it. */
const PARTS_OF_GATE: Readonly<Record<string, readonly string[]>> = {
  "the check of the policy and its error texts": ["lib/policy/check/compile.ts"],
  "all algorithms, in Lua": ["lib/limit/algorithms/all.ts"],
  "counting in the process": ["lib/limit/local.ts"],
  "the denial cache": ["lib/limit/denial-cache.ts"],
  "optimistic rules": ["lib/limit/last-counts.ts"],
  rewrites: ["lib/policy/rewrites.ts"],
  locales: ["lib/policy/locales.ts"],
  prefetches: ["lib/policy/check/prefetch-rules.ts", "lib/policy/prefetch.ts"],
  CORS: ["lib/respond/cors.ts"],
  "the page and problem details of a denied request": ["lib/respond/denied-response.ts"],
};

/** The factory without each of these parts. */
export const PARTS: readonly Named[] = Object.entries(PARTS_OF_GATE).map(([name, without]) => ({
  name,
  source: FACTORY,
  without,
}));

/** Entries of the package that run at the edge, each alone. */
export const ENTRIES: readonly Named[] = entriesAtEdge().map((name) => ({
  name,
  source: `export * from "${name}";`,
}));

/** The same entries beside the factory, in the same order. */
export const BESIDE: readonly Named[] = ENTRIES.map(({ name }) => ({
  name,
  source: `${FACTORY}\nimport * as entry from "${name}";\nexport { entry };`,
}));

/** The entries of lib/package.json but for the gate's own, and those of rooms that need Node. */
function entriesAtEdge(): readonly string[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, "lib", "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string>>;
  };
  return Object.entries(exports)
    .filter(([path, target]) => path !== "." && !ROOMS[roomOf(join("lib", target)) ?? ""]?.node)
    .map(([path]) => `headgate${path.slice(1)}`);
}
