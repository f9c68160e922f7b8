import type { Store } from "#lib/gateway/store/store";
import { type Algorithm, ALGORITHM_NAMES } from "#lib/limit/algorithms/all";
import { limitScript } from "../support/limit-script.ts";
import { boundOf, mostIn } from "../support/model.ts";

/** What each algorithm admits of the same requests. */
export interface Lane {
  readonly algorithm: Algorithm;
  /** By the second of each burst: how many were admitted, and how many denied. */
  readonly bursts: readonly { readonly at: number; admitted: number; denied: number }[];
  /** The most that was admitted in any window. */
  readonly most: number;
  readonly bound: number;
}

export const LIMIT = 10;
export const WINDOW_S = 60;
export const SECONDS = 150;

/** At the beginning of a window, in milliseconds. */
const START = 1_750_000_020_000;

/** Twenty at once just before the window's edge, twenty just after, and then two every three seconds. */
const ASKED = [
  { at: 58, count: 20 },
  { at: 61, count: 20 },
  ...Array.from({ length: 29 }, (_, i) => ({ at: 64 + 3 * i, count: 2 })),
];

/** Runs the production script of the limits on a store, at the times of the picture. */
export async function runLanes(store: Store, namespace: string): Promise<Lane[]> {
  return Promise.all(ALGORITHM_NAMES.map((algorithm) => runLane(store, namespace, algorithm)));
}

async function runLane(store: Store, namespace: string, algorithm: Algorithm): Promise<Lane> {
  const script = limitScript(store);
  const rule = { algorithm, limit: LIMIT, windowMs: WINDOW_S * 1000, cost: 1 };
  const bursts = ASKED.map(({ at }) => ({ at, admitted: 0, denied: 0 }));
  const admitted: { at: number; cost: number }[] = [];
  for (const [i, { at, count }] of ASKED.entries()) {
    for (let n = 0; n < count; n += 1) {
      const now = START + at * 1000;
      const { passed } = await script.run("take", [`${namespace}:${algorithm}`], [rule], now);
      const burst = bursts[i];
      if (burst && passed) burst.admitted += 1;
      if (burst && !passed) burst.denied += 1;
      if (passed) admitted.push({ at: now, cost: 1 });
    }
  }
  return { algorithm, bursts, most: mostIn(admitted, rule.windowMs), bound: boundOf(rule) };
}

const LEFT = 150;
const SCALE = 4.6;
const LANE = 118;
const UNIT = 6;

const x = (seconds: number) => LEFT + seconds * SCALE;

/** Draws the lanes as an SVG that suits a light page and a dark one. */
export function drawLanes(lanes: readonly Lane[]): string {
  const width = x(SECONDS) + 24;
  const height = 60 + lanes.length * LANE + 30;
  const bottom = height - 34;
  const edges = [0, 60, 120].map(
    (at) =>
      `<line class="edge" x1="${x(at)}" y1="44" x2="${x(at)}" y2="${bottom}"/>` +
      `<text class="small" x="${x(at)}" y="${bottom + 20}" text-anchor="middle">${at} s</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title about">
<title id="title">What each algorithm admits at a window's edge</title>
<desc id="about">${describeLanes(lanes)}</desc>
<style>
  :root { color-scheme: light dark; }
  text { font: 13px system-ui, sans-serif; fill: #1c2733; }
  .small { font-size: 12px; fill: #57636f; }
  .name { font: 600 13px ui-monospace, monospace; }
  .edge { stroke: #c5cdd5; stroke-dasharray: 3 4; }
  .base { stroke: #98a3ad; }
  .in { fill: #0b6e69; }
  .out { fill: none; stroke: #b4572b; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebef; }
    .small { fill: #9fabb6; }
    .edge { stroke: #3c4852; }
    .base { stroke: #66727d; }
    .in { fill: #4cc2b8; }
    .out { stroke: #e8935f; }
  }
</style>
<rect class="in" x="${LEFT}" y="12" width="10" height="10"/><text x="${LEFT + 16}" y="21">admitted</text>
<rect class="out" x="${LEFT + 94.5}" y="12.5" width="9" height="9"/><text x="${LEFT + 110}" y="21">denied</text>
<text class="small" x="${width - 24}" y="21" text-anchor="end">${LIMIT} per minute; dashed: where a window ends</text>
${edges.join("\n")}
${lanes.map((lane, i) => drawLane(lane, 44 + (i + 1) * LANE, width)).join("\n")}
</svg>
`;
}

function drawLane({ algorithm, bursts, most, bound }: Lane, y: number, width: number): string {
  const bars = bursts.flatMap(({ at, admitted, denied }) => [
    admitted > 0 &&
      `<rect class="in" x="${x(at) - 4}" y="${y - admitted * UNIT}" width="8" height="${admitted * UNIT}"/>`,
    denied > 0 &&
      `<rect class="out" x="${x(at) - 3.5}" y="${y + 3.5}" width="7" height="${Math.min(denied, 4) * 2}"/>`,
  ]);
  return [
    `<text class="name" x="16" y="${y - 44}">${algorithm}</text>`,
    `<text class="small" x="16" y="${y - 24}">fullest minute: ${most}</text>`,
    `<text class="small" x="16" y="${y - 8}">bound: ${bound}</text>`,
    `<line class="base" x1="${LEFT}" y1="${y + 0.5}" x2="${width - 24}" y2="${y + 0.5}"/>`,
    ...bars.filter((bar) => bar !== false),
  ].join("\n");
}

function describeLanes(lanes: readonly Lane[]): string {
  return lanes
    .map(({ algorithm, most, bound, bursts }) => {
      const [before, after] = bursts.map(({ admitted }) => admitted);
      return `${algorithm}: ${before} just before the edge, ${after} just after it, ${most} in the fullest minute, at most ${bound}.`;
    })
    .join(" ");
}
