import { Redis } from "ioredis";
import { type Billed, startBillMeter } from "../../support/billed.ts";
import type { TestStore } from "../../support/gateway.ts";
import { startStoreProxy } from "../store-proxy.ts";

/** Where a case runs: a real Redis behind the gateway, and a proxy that counts the REST calls. */
export interface World {
  readonly url: string;
  readonly token: string;
  /** The same Redis without the gateway, to prepare what is in it. */
  readonly direct: Redis;
  /** A text that no other case and no other round has. */
  readonly unique: string;
}

/** What one thing that an app does with the store costs. */
export interface Cost {
  readonly what: string;
  /** REST calls. */
  readonly calls: number;
  readonly commands: Billed;
}

/** A thing that an app does, and what it costs: the figures that the docs print. */
export interface BilledCase extends Cost {
  /**
   * Brings the store to where the case begins, and returns the step that is measured.
   *
   * @throws {Error} when the store did not do what the case is about
   */
  prepare(world: World): Promise<() => Promise<unknown>>;
}

/**
 * Measures what cases cost, one after the other. Each runs twice, the second time under new keys: the
 * first run lets Redis learn the scripts, and only the second is counted.
 */
export async function measureBills(
  store: TestStore,
  cases: readonly BilledCase[],
): Promise<readonly Cost[]> {
  const meter = await startBillMeter(store.redis.url);
  const direct = new Redis(store.redis.url);
  const proxy = await startStoreProxy(store.url);
  const worldOf = (unique: string): World => ({
    url: proxy.url,
    token: store.token,
    direct,
    unique,
  });
  const measured: Cost[] = [];
  try {
    for (const [i, each] of cases.entries()) {
      await (
        await each.prepare(worldOf(`warm-up-${i}`))
      )();
      const step = await each.prepare(worldOf(`measured-${i}`));
      const before = proxy.traffic().calls;
      const commands = await meter.of(step);
      measured.push({ what: each.what, calls: proxy.traffic().calls - before, commands });
    }
    return measured;
  } finally {
    await proxy.stop();
    direct.disconnect();
    meter.stop();
  }
}
