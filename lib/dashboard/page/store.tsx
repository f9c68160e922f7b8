/** @jsxImportSource preact */
import type { History, StoreNow } from "#lib/dashboard/model";
import { Chart, type Panel } from "./chart.tsx";
import { Figure } from "./figure.tsx";
import { reasonOf } from "./notices.ts";
import { count, milliseconds, rate, size } from "./numbers.ts";

const STATES: Readonly<Record<StoreNow["state"], string>> = {
  ok: "ok",
  degraded: "degraded",
  down: "down",
  unknown: "not read yet",
};
const TONES = { ok: "good", degraded: "warn", down: "bad", unknown: undefined } as const;

interface Props {
  readonly store: StoreNow;
  readonly rateSpanMs: number;
  readonly history: History | undefined;
}

/** The state of the store. */
export function Store({ store, rateSpanMs, history }: Props) {
  return (
    <section aria-labelledby="store">
      <h2 id="store">Store</h2>
      <div class="split">
        <Figures store={store} mean={`a second, mean of the last ${rateSpanMs / 1000} s`} />
        <Chart
          title="Calls to the store, by minute, last hour"
          panels={panelsOf(history)}
          start={history?.hour.start ?? 0}
          stepMs={history?.hour.stepMs ?? 60_000}
        />
      </div>
    </section>
  );
}

function Figures({ store, mean }: { store: StoreNow; mean: string }) {
  return (
    <dl class="figures">
      <Figure
        name="State"
        value={STATES[store.state] ?? store.state}
        span={reasonOf(store) ?? "last reading"}
        tone={TONES[store.state]}
      />
      <Figure
        name="Round trip"
        value={milliseconds(store.roundTripMs)}
        unit="ms"
        span="last reading"
      />
      <Figure name="p50 of calls" value={milliseconds(store.p50Ms)} unit="ms" span="last 5 min" />
      <Figure name="p95 of calls" value={milliseconds(store.p95Ms)} unit="ms" span="last 5 min" />
      <Figure name="Calls" value={rate(store.callsPerSecond)} span={mean} />
      <Figure
        name="Failed calls"
        value={rate(store.failedPerSecond)}
        span={mean}
        tone={(store.failedPerSecond ?? 0) > 0 ? "bad" : undefined}
      />
      <Figure
        name="Breaker opened"
        value={count(store.breakerOpenings)}
        span="times in the last hour"
        tone={store.breakerOpenings > 0 ? "warn" : undefined}
      />
      <Memory {...store} />
    </dl>
  );
}

function Memory({ memoryBytes, memoryMaxBytes }: StoreNow) {
  if (memoryBytes === undefined)
    return <Figure name="Memory" value="–" span="not reported by the store" />;
  const [value = "", unit = ""] = size(memoryBytes).split(" ");
  const span =
    memoryMaxBytes === undefined ? "now, without a bound" : `now, of ${size(memoryMaxBytes)}`;
  const isFull = memoryMaxBytes !== undefined && memoryBytes > 0.9 * memoryMaxBytes;
  return (
    <Figure
      name="Memory"
      value={value}
      unit={unit}
      span={span}
      tone={isFull ? "warn" : undefined}
    />
  );
}

function panelsOf(history: History | undefined): readonly Panel[] | undefined {
  if (!history) return undefined;
  const { p50Ms, p95Ms, failed } = history.hour.store;
  const ms = { unit: " ms", format: milliseconds };
  return [
    {
      unit: "ms",
      height: 132,
      lines: [
        { ...ms, name: "p50", look: "allowed", values: p50Ms },
        { ...ms, name: "p95", look: "p95", values: p95Ms },
      ],
    },
    {
      unit: "failed",
      height: 84,
      lines: [{ name: "failed calls", unit: "", look: "failed", values: failed, format: count }],
    },
  ];
}
