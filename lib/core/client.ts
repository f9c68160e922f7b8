/**
 * Returns the client that a request belongs to, from verified data only; undefined when the request names no
 * client. Then the next name of a fallback, or the client's address, is counted.
 */
export type Resolver = (request: Request) => string | undefined | Promise<string | undefined>;

/** The subject that one limit counts, read from a key of `limits`. */
export interface Subject {
  /** As written: "ip", "user|ip", "ip+account", "global". */
  readonly expression: string;
  /** "first": the first name with a value; "all": the combination; "global": all clients together. */
  readonly kind: "first" | "all" | "global";
  readonly names: readonly string[];
}

/** What the gate resolves for a client to find the limits that apply. */
export interface Wanted {
  /** The identities that are counted, or choose a tier. */
  readonly identities: readonly string[];
  /** Other identities and conditions, which lists of clients name. */
  readonly listed?: ReadonlySet<string>;
  /** The subjects that the limits count, each once. */
  readonly subjects: readonly Subject[];
  /** The rules that are enforced for a percentage of their clients. */
  readonly trials: readonly Trial[];
}

/** A rule that is enforced for a percentage of its clients, always the same ones. */
export interface Trial {
  readonly rule: string;
  /** Chooses the clients. A rule and the rule that counts its prefetches have the same seed. */
  readonly seed: string;
  /** The subject that distinguishes its clients; undefined when the rule counts all clients together. */
  readonly subject: Subject | undefined;
}

/** The values of identities by name, for one request; undefined when the request does not name the client. */
export type IdentityValues = ReadonlyMap<string, string | undefined>;

/** The client that one limit counts, for one request. */
export interface Counted {
  /** The client key: the keyed hash of the client in the store. */
  readonly key: string;
  /** True when the address is counted, alone or in a combination. */
  readonly countsAddress: boolean;
}

/** The client of one request. */
export interface Client {
  readonly values: IdentityValues;
  /** The address in the form that is counted; "unknown" when it is not known. */
  readonly address: string;
  /** False when the address is not known: all such requests are counted as one client. */
  readonly hasAddress: boolean;
  /** The client that each limit counts, by the expression of its subject. */
  readonly counted: ReadonlyMap<string, Counted>;
  /** The client's place among the clients of a rule on trial, from 0 up to 100, by the rule's name. */
  readonly shares: ReadonlyMap<string, number>;
}

/**
 * Returns a keyed hash for a client, so that no key in Redis holds an address or a user's name. Other
 * parts, or the same parts in another order, have another hash.
 */
export type KeyedHash = (kind: string, ...parts: readonly string[]) => string;
