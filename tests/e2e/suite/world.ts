import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { type InstagramStandIn, startInstagramStandIn } from "#app/_programs/instagram-stand-in";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { AUTH_SECRET } from "../../support/sign.ts";
import type { Instance, Target } from "../../support/target.ts";

/** The token that Instagram's stand-in accepts from its start. */
const FIRST_TOKEN = "the-first-token";

/** The deadline is long, because the suite does not test the speed of a loaded machine. */
const PATIENT = { HEADGATE_STORE_DEADLINE_MS: "10000" };

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  /** Aborts the request. */
  readonly signal?: AbortSignal;
  /** The client's address. By default it is a new one. */
  readonly address?: string;
}

/** The stores and instances of the suite, which exist only within a test. */
export interface World {
  readonly target: Target;
  readonly store: TestStore;
  /** A direct connection to Redis. */
  readonly direct: Direct;
  readonly instagram: InstagramStandIn;
  /** Two instances over one Redis. */
  readonly instances: readonly Instance[];
  /** Sends a request to an instance, by default to the first one. */
  ask(path: string, asking?: Asking, instance?: Instance): Promise<Response>;
  /** Starts another instance, which the caller must stop. */
  start(store: TestStore, env?: Readonly<Record<string, string>>): Promise<Instance>;
}

let addresses = 0;

/** Returns an address that no other test of this process uses. */
export function newAddress(): string {
  addresses += 1;
  return `198.18.${addresses >> 8}.${addresses & 255}`;
}

/** Builds and starts a target for all tests of a file. */
export function appWorld(target: Target): World {
  let made: Pick<World, "store" | "direct" | "instagram" | "instances"> | undefined;
  const undo: (() => unknown)[] = [];

  const start = (store: TestStore, env: Readonly<Record<string, string>> = {}) =>
    target.start(store, { ...PATIENT, AUTH_SECRET, ...env });

  beforeAll(async () => {
    await target.build();
    const store = await startStore();
    undo.push(() => store.stop());
    const instagram = await startInstagramStandIn({ token: FIRST_TOKEN });
    undo.push(() => instagram.stop());
    const direct = new Direct(store.redis.url);
    undo.push(() => direct.disconnect());
    const env = { INSTAGRAM_STAND_IN: instagram.url, INSTAGRAM_ACCESS_TOKEN: FIRST_TOKEN };
    const instances: Instance[] = [];
    for (let i = 0; i < 2; i += 1) {
      const instance = await start(store, env);
      undo.push(() => instance.stop());
      instances.push(instance);
    }
    made = { store, direct, instagram, instances };
  });
  afterAll(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  const there = () => {
    if (!made) throw new Error("The app exists only within a test.");
    return made;
  };
  return {
    target,
    start,
    get store() {
      return there().store;
    },
    get direct() {
      return there().direct;
    },
    get instagram() {
      return there().instagram;
    },
    get instances() {
      return there().instances;
    },
    ask(path, { address = newAddress(), headers, ...rest } = {}, instance = there().instances[0]) {
      return fetch(`${instance?.url}${path}`, {
        redirect: "manual",
        ...rest,
        headers: { ...target.from(address), ...headers },
      });
    },
  };
}
