/** @jsxImportSource preact */

/** A number with its name, its unit and its span of time. */
export interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  /** Such as "last hour". */
  readonly span: string;
  readonly tone?: "good" | "warn" | "bad" | undefined;
}

/** One number of a list, inside a `dl`. */
export function Figure({ name, value, unit, span, tone }: FigureProps) {
  return (
    <div class={`figure ${tone ?? ""}`}>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b>
        {unit !== undefined && <span class="unit"> {unit}</span>}
      </dd>
      <dd class="span">{span}</dd>
    </div>
  );
}
