import type { TestStore } from "./gateway.ts";

/** The sample app as it runs somewhere, asked over HTTP. */
export interface Instance {
  /** Where it is asked, without a slash at its end. */
  readonly url: string;
  /** What it printed so far, its runtime's own words included. */
  output(): string;
  stop(): Promise<unknown>;
}

/** A place where people deploy. The suite of the app is the same for all of them. */
export interface Target {
  readonly name: string;
  /** The headers by which this place tells the app of a client's address. */
  from(address: string): Readonly<Record<string, string>>;
  /**
   * How the app reaches its store: by TCP there is no Pub/Sub for it.
   * @default "rest"
   */
  readonly reaches?: "rest" | "tcp";
  /** Builds what is served, unless that is built. */
  build(): Promise<void>;
  /**
   * Starts an instance on loopback over a store.
   *
   * @param env variables beside the store's, in addition to or in the place of the target's own
   */
  start(store: TestStore, env: Readonly<Record<string, string>>): Promise<Instance>;
}
