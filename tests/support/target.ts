import type { TestStore } from "./gateway.ts";

/** A running instance of the sample app, reached over HTTP. */
export interface Instance {
  /** The address without a slash at its end. */
  readonly url: string;
  /** The output so far, including the output of the runtime. */
  output(): string;
  stop(): Promise<unknown>;
}

/** A platform to deploy to. The suite of the app is the same for all platforms. */
export interface Target {
  readonly name: string;
  /** Returns the headers by which this platform names a client's address. */
  from(address: string): Readonly<Record<string, string>>;
  /**
   * How the app reaches its store. Over TCP it has no Pub/Sub.
   * @default "rest"
   */
  readonly reaches?: "rest" | "tcp";
  /** Builds the app, unless the build is up to date. */
  build(): Promise<void>;
  /**
   * Starts an instance on loopback over a store.
   *
   * @param env variables besides those of the store, which add to or replace those of the target
   */
  start(store: TestStore, env: Readonly<Record<string, string>>): Promise<Instance>;
}
