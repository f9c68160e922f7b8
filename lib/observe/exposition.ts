import { BUCKETS, COUNTED, type Metric, READ } from "./metric-table.ts";

/**
 * The values that a scrape reads from the store, by the name of the metric. Values that the store does not
 * report are absent.
 */
export type Readings = Readonly<Partial<Record<keyof typeof READ, number>>>;

/** One value of a metric. */
interface Sample {
  /** The text after the metric's name: labels, or a histogram's suffix and labels. */
  readonly suffix: string;
  readonly value: number;
}

/** The cumulative counters by field, as Redis has them. */
type Totals = Readonly<Record<string, string>>;

/**
 * Renders metrics in Prometheus's text format 0.0.4. Without totals no counter has a value. Prometheus would
 * take 0 for a reset, and count everything again at the next scrape.
 */
export function exposition(totals: Totals | undefined, readings: Readings): string {
  const counted = Object.entries(COUNTED).map(([name, metric]: [string, Metric]) =>
    block(name, metric, totals ? samplesOf(name, metric, totals) : []),
  );
  const read = Object.entries(READ).map(([name, metric]: [string, Metric]) => {
    const value = readings[name as keyof Readings];
    return block(name, metric, value === undefined ? [] : [{ suffix: "", value }]);
  });
  return [...counted, ...read].join("");
}

function samplesOf(name: string, metric: Metric, totals: Totals): readonly Sample[] {
  if (metric.type === "histogram") return histogramOf(name, totals);
  const fields = new Map((metric.values ?? []).map((value) => [`${name} ${value}`, "0"]));
  for (const [field, text] of Object.entries(totals)) {
    if (field.startsWith(`${name} `)) fields.set(field, text);
  }
  const samples = [...fields].map(([field, text]) => {
    const [, ...values] = field.split(" ");
    return { suffix: labelsOf(metric.labels ?? [], values), value: valueOf(name, text) };
  });
  return samples.toSorted((a, b) => (a.suffix < b.suffix ? -1 : 1));
}

/**
 * Returns a histogram. Redis has the count of each bucket; Prometheus needs the count of the bucket and all
 * below.
 */
function histogramOf(name: string, totals: Totals): readonly Sample[] {
  let value = 0;
  const buckets = [...BUCKETS, "+Inf"].map((bound) => {
    value += Number(totals[`${name} le ${bound}`] ?? 0);
    return { suffix: `_bucket{le="${bound}"}`, value };
  });
  const sum = Number(totals[`${name} sum`] ?? 0) / 1e6;
  return [...buckets, { suffix: "_sum", value: sum }, { suffix: "_count", value }];
}

/** Returns the value of a field. Times are summed in microseconds. */
function valueOf(name: string, text: string): number {
  return name.endsWith("_seconds_total") ? Number(text) / 1e6 : Number(text);
}

function labelsOf(names: readonly string[], values: readonly string[]): string {
  const labels = names.map(
    (name, i) => `${name}="${(values[i] ?? "").replaceAll(/["\\\n]/g, "_")}"`,
  );
  return `{${labels.join(",")}}`;
}

function block(name: string, { type, help }: Metric, samples: readonly Sample[]): string {
  const full = `headgate_${name}`;
  const head = `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n`;
  return head + samples.map(({ suffix, value }) => `${full}${suffix} ${value}\n`).join("");
}
