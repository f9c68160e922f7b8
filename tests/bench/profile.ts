import { once } from "node:events";
import { Miniflare } from "miniflare";
import { startStore } from "../support/gateway.ts";
import { bundle } from "../runtime/bundle.ts";
import { load } from "./load.ts";
import { sourceOf, type Store, type Worker, WORKERS, workerdOptions } from "./workers.ts";
import { say } from "./report/progress.ts";
import type { Report } from "./report/types.ts";

const COMPARED = ["headgate", "upstash"] as const satisfies readonly Worker[];
const CONNECTIONS = 16;
const SECONDS = 5;

/** Microseconds. */
const SAMPLED_EVERY = 200;

/** The number of shown functions. */
const MOST = 12;

/** The used part of a CPU profile of V8's inspector. */
export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** The microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Shows the functions in which workerd spends its time while it serves our gate and the plain example. */
export async function benchProfile(): Promise<Report> {
  const store = await startStore();
  const found: Partial<Record<Worker, ReturnType<typeof largest>>> = {};
  try {
    for (const worker of COMPARED) {
      say(`${WORKERS[worker]} ...`);
      const shares = largest(await profileOf(worker, store));
      found[worker] = shares;
    }
    return {
      data: found,
      wanted: [],
      tables: COMPARED.map((worker) => ({
        title: `${WORKERS[worker]}, at ${CONNECTIONS} connections:`,
        head: ["function", "% of the busy time"],
        rows: (found[worker] ?? []).map(({ name, percent }) => [name, percent.toFixed(1)]),
      })),
    };
  } finally {
    await store.stop();
  }
}

/** Returns the functions with the largest shares of the busy time. */
export function largest({ nodes, samples, timeDeltas }: Profile) {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, lineNumber } }) => [
      id,
      functionName || `(nameless, line ${lineNumber})`,
    ]),
  );
  const times = new Map<string, number>();
  for (const [i, sample] of samples.entries()) {
    const name = names.get(sample) ?? "";
    if (name !== "(idle)") times.set(name, (times.get(name) ?? 0) + (timeDeltas[i] ?? 0));
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  return [...times]
    .map(([name, time]) => ({ name, percent: (100 * time) / total }))
    .toSorted((a, b) => b.percent - a.percent)
    .slice(0, MOST);
}

async function profileOf(worker: Worker, store: Store): Promise<Profile> {
  // The code is not minified, so functions keep their names.
  const { code } = await bundle("workerd", sourceOf(worker));
  const miniflare = new Miniflare({ ...workerdOptions(code, store), inspectorPort: 0 });
  try {
    const url = `${(await miniflare.ready).origin}/api/ping`;
    await load(url, CONNECTIONS, 2);
    const inspector = await openInspector((await miniflare.getInspectorURL()).host);
    await inspector.send("Profiler.enable");
    await inspector.send("Profiler.setSamplingInterval", { interval: SAMPLED_EVERY });
    await inspector.send("Profiler.start");
    await load(url, CONNECTIONS, SECONDS);
    const { profile } = (await inspector.send("Profiler.stop")) as { profile: Profile };
    inspector.close();
    return profile;
  } finally {
    await miniflare.dispose();
  }
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
}

/** Connects to workerd's inspector of the worker (the DevTools protocol). */
async function openInspector(host: string) {
  const list = (await (await fetch(`http://${host}/json`)).json()) as {
    readonly id: string;
    readonly webSocketDebuggerUrl: string;
  }[];
  const target = list.find(({ id }) => id.startsWith("core:user"));
  if (!target) throw new Error("workerd's inspector does not know the worker.");
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await once(socket, "open");
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as Answer;
    if (id !== undefined) waiting.get(id)?.(result);
  });
  let calls = 0;
  return {
    send(method: string, params: object = {}): Promise<unknown> {
      calls += 1;
      const id = calls;
      socket.send(JSON.stringify({ id, method, params }));
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    close: () => socket.close(),
  };
}
