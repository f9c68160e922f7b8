import { type BillMeter, sumOf } from "../support/billed.ts";
import type { StoreProxy } from "./store-proxy.ts";

/** The average cost of a request to the store. */
export interface Traffic {
  /** REST calls. */
  readonly calls: number;
  /** Commands that Upstash would bill, those inside a script included. */
  readonly commands: number;
  readonly bytes: number;
}

/** The meters between an app and its Redis: a proxy that counts calls, and Redis's own count of commands. */
interface Counters {
  readonly proxy: Pick<StoreProxy, "traffic">;
  readonly meter: Pick<BillMeter, "total">;
}

/** Runs work that makes `requests` requests, and returns the cost of each, including reports after the response. */
export async function trafficOf(
  { proxy, meter }: Counters,
  requests: number,
  work: () => Promise<unknown>,
): Promise<Traffic> {
  const read = async (): Promise<Traffic> => ({
    ...proxy.traffic(),
    commands: sumOf(await meter.total()),
  });
  const before = await read();
  await work();
  const after = await settled(read);
  return {
    calls: (after.calls - before.calls) / requests,
    commands: (after.commands - before.commands) / requests,
    bytes: (after.bytes - before.bytes) / requests,
  };
}

/** Reports come after the responses, so the meters are read until they no longer change. */
async function settled(read: () => Promise<Traffic>): Promise<Traffic> {
  for (let last = await read(); ;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const next = await read();
    if (JSON.stringify(next) === JSON.stringify(last)) return next;
    last = next;
  }
}
