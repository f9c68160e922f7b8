/**
 * Returns who a request belongs to, from what is verified only; undefined where the request names nobody.
 * Then the next name of a fallback, or the client's address, is counted.
 */
export type Resolver = (request: Request) => string | undefined | Promise<string | undefined>;

/** Who one limit counts, read from a key of `limits`. */
export interface Subject {
  /** As written: "ip", "user|ip", "ip+account", "global". */
  readonly expression: string;
  /** "first": the first name with a value; "all": the combination; "global": all clients together. */
  readonly kind: "first" | "all" | "global";
  readonly names: readonly string[];
}

/** What has to be known of a client before it is clear which limits it has. */
export interface Wanted {
  /** The identities that are counted, or choose a tier. */
  readonly identities: readonly string[];
  /** The identities and conditions beside these that lists of clients name. */
  readonly listed?: ReadonlySet<string>;
  /** Whom the limits count, each once. */
  readonly subjects: readonly Subject[];
  /** The rules that decide for a percentage of their clients. */
  readonly trials: readonly Trial[];
}

/** A rule that decides for a percentage of its clients, always the same ones. */
export interface Trial {
  readonly rule: string;
  /** Chooses the clients: a rule and the one that counts its prefetches have the same. */
  readonly seed: string;
  /** What tells its clients apart; undefined where the rule counts all clients together. */
  readonly subject: Subject | undefined;
}

/** The values of identities by name, for one request; undefined where the request does not name the client. */
export type IdentityValues = ReadonlyMap<string, string | undefined>;

/** Whom one limit counts, for one request. */
export interface Counted {
  /** The keyed hash that stands for the client in the store. */
  readonly key: string;
  /** True where the address is counted, alone or in a combination. */
  readonly countsAddress: boolean;
}

/** The client of one request. */
export interface Client {
  readonly values: IdentityValues;
  /** The address in the form that is counted; "unknown" where it cannot be told. */
  readonly address: string;
  /** False where the address cannot be told: all such requests are counted as one client. */
  readonly hasAddress: boolean;
  /** Whom each limit counts, by the expression of its subject. */
  readonly counted: ReadonlyMap<string, Counted>;
  /** Where the client stands among those of a rule on trial, from 0 up to 100, by the rule's name. */
  readonly shares: ReadonlyMap<string, number>;
}

/**
 * Names a client by a keyed hash, so that no key in Redis holds an address or a user's name. What is
 * named by other parts, or by the same parts in another order, has another name.
 */
export type KeyedHash = (kind: string, ...parts: readonly string[]) => string;
