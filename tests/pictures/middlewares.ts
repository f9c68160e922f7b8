import type { Bar, Saved } from "../bench/report/types.ts";

const LEFT = 250;
const WIDTH = 760;
const LINE = 18;
const GAP = 12;
const TOP = 86;

/** As much of what is saved as the picture shows. */
type Drawn = Pick<Saved, "machine" | "versions" | "commit"> & { readonly bars: readonly Bar[] };

/** Draws requests per second as bars, each a ratio to a middleware that does nothing. */
export function drawMiddlewares({ machine, versions, commit, bars: rows }: Drawn): string {
  const names = [...new Set(rows.map(({ what }) => what))];
  const most = Math.max(...rows.map(({ toNothing }) => toNothing));
  const scale = (ratio: number) => Math.round((ratio / most) * (WIDTH - LEFT - 96) * 10) / 10;
  const bars = names.map((name, i) => {
    const own = rows.filter(({ what }) => what === name);
    const y = TOP + i * (own.length * LINE + GAP);
    const label = `<text x="${LEFT - 12}" y="${y + (own.length * LINE) / 2 + 4}" text-anchor="end">${name}</text>`;
    const lines = own.map(({ connections, toNothing }, n) => {
      const at = y + n * LINE;
      return `<rect class="c${n}" x="${LEFT}" y="${at + 2}" width="${scale(toNothing)}" height="${LINE - 4}"/>
<text class="small" x="${LEFT + scale(toNothing) + 6}" y="${at + 13}">${toNothing.toFixed(2)} at ${connections}</text>`;
    });
    return [label, ...lines].join("\n");
  });
  const perName = rows.length / names.length;
  const height = TOP + names.length * (perName * LINE + GAP) + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title about">
<title id="title">Requests per second behind each middleware</title>
<desc id="about">As a ratio to a middleware that does nothing, at ${[...new Set(rows.map(({ connections }) => connections))].join(", ")} connections.</desc>
<style>
  text { font: 13px system-ui, sans-serif; fill: #1c2733; }
  .head { font-weight: 600; font-size: 15px; }
  .small { font-size: 12px; fill: #57636f; }
  .c0 { fill: #9cc9c4; } .c1 { fill: #3f9c95; } .c2 { fill: #0b6e69; }
  .one { stroke: #b4572b; stroke-dasharray: 4 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebef; } .small { fill: #9fabb6; }
    .c0 { fill: #2c5f5b; } .c1 { fill: #3a908a; } .c2 { fill: #4cc2b8; }
  }
</style>
<text class="head" x="16" y="26">Requests per second, to a middleware that does nothing</text>
<text class="small" x="16" y="46">commit ${commit}; ${machine}</text>
<text class="small" x="16" y="63">${versions.join(", ")}</text>
<line class="one" x1="${LEFT + scale(1)}" x2="${LEFT + scale(1)}" y1="${TOP - 6}" y2="${height - 8}"/>
${bars.join("\n")}
</svg>
`;
}
