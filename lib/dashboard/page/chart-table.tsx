/** @jsxImportSource preact */
import type { Line } from "./line.ts";
import { Scroll } from "./scroll.tsx";
import { stepOf } from "./times.ts";

interface Props {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly start: number;
  readonly stepMs: number;
}

/** The numbers of a chart, the newest first. */
export function ChartTable({ title, lines, start, stepMs }: Props) {
  const steps = lines[0]?.values.map((_, i) => i).reverse() ?? [];
  return (
    <Scroll label={`${title}, as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">time</th>
            {lines.map(({ name, unit }) => (
              <th key={name} scope="col" class="number">
                {name}
                {unit !== "" && <span class="unit">,{unit}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <tr key={start + step * stepMs}>
              <th scope="row">
                <time dateTime={new Date(start + step * stepMs).toISOString()}>
                  {stepOf(start + step * stepMs, stepMs)}
                </time>
              </th>
              {lines.map(({ name, values, format }) => (
                <td key={name} class="number">
                  {format(values[step])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
