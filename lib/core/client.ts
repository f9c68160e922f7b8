/**
 * Returns who a request belongs to, from what is verified only; undefined where the request names nobody.
 * Then the next name of a fallback, or the client's address, is counted.
 */
export type Resolver = (request: Request) => string | undefined | Promise<string | undefined>;

/** Which client of a request one limit counts. */
export interface Counted {
  /** "first": the first name with a value; "all": the combination; "global": all clients together. */
  readonly kind: "first" | "all" | "global";
  readonly names: readonly string[];
}

/**
 * Names a client by a keyed hash, so that no key in Redis holds an address or a user's name. What is
 * named by other parts, or by the same parts in another order, has another name.
 */
export type KeyedHash = (kind: string, ...parts: readonly string[]) => string;
