import { Redis } from "ioredis";
import { type Billed, startBillMeter } from "../../support/billed.ts";
import type { TestStore } from "../../support/gateway.ts";
import { startStoreProxy } from "../store-proxy.ts";

/** The environment of a case: a real Redis behind the gateway, and a proxy that counts the REST calls. */
export interface World {
  readonly url: string;
  readonly token: string;
  /** The same Redis without the gateway, for the preparation of its data. */
  readonly direct: Redis;
  /** A text that is unique to the case and the round. */
  readonly unique: string;
}

/** The cost of one operation on the store. */
export interface Cost {
  readonly what: string;
  /** REST calls. */
  readonly calls: number;
  readonly commands: Billed;
}

/** An operation of an app and its cost, which are the figures of the docs. */
export interface BilledCase extends Cost {
  /**
   * Prepares the store for the case, and returns the measured step.
   *
   * @throws {Error} when the store did not do the operation of the case
   */
  prepare(world: World): Promise<() => Promise<unknown>>;
}

/**
 * Measures the costs of cases, one after the other. Each case runs twice, the second time under new keys.
 * The first run loads the scripts into Redis, and only the second run is counted.
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
