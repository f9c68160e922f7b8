import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { type InstagramStandIn, startInstagramStandIn } from "#app/_programs/instagram-stand-in";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { AUTH_SECRET } from "../../support/sign.ts";
import type { Instance, Target } from "../../support/target.ts";

/** The token that Instagram's stand-in knows from the start. */
const FIRST_TOKEN = "the-first-token";

/** The store has long to answer: whether a loaded machine is quick is not the question. */
const PATIENT = { HEADGATE_STORE_DEADLINE_MS: "10000" };

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  /** Ends the request. */
  readonly signal?: AbortSignal;
  /** Whose request it is; somebody whom no limit knows, where it is not given. */
  readonly address?: string;
}

/** What the suite's parts work with; within a test alone. */
export interface World {
  readonly target: Target;
  readonly store: TestStore;
  /** Looks into Redis past the app. */
  readonly direct: Direct;
  readonly instagram: InstagramStandIn;
  /** Two, over one Redis. */
  readonly instances: readonly Instance[];
  /** Asks an instance; the first, where none is given. */
  ask(path: string, asking?: Asking, instance?: Instance): Promise<Response>;
  /** Starts another instance; whoever does so stops it. */
  start(store: TestStore, env?: Readonly<Record<string, string>>): Promise<Instance>;
}

let addresses = 0;

/** An address that no other test of this process has. */
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
    if (!made) throw new Error("There is an app within a test alone.");
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
