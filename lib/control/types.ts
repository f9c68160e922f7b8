import type { GateMode } from "#lib/core/mode";

/** Whom an entry is for: an address, a CIDR block, the value of an identity, or a client key of the log. */
export type Whom =
  | {
      /** An address such as "203.0.113.7", or a CIDR block such as "203.0.113.0/24" for `block` and `allow`. */
      readonly ip: string;
    }
  | {
      /** The name of an identity in the policy, such as "user". */
      readonly identity: string;
      /** Its value, such as "ada". */
      readonly value: string;
    }
  | {
      /** A client key: 22 characters, as a line of the log or the dashboard has it. */
      readonly key: string;
    };

/** For how long an entry holds, why, and who sets it. */
export interface Terms {
  /** A length such as "2h" or "30 minutes", or milliseconds; from 1 second to 30 days. */
  readonly for: string | number;
  /** Why, in 1 to 200 characters: it is kept in the log of changes, and no client is told. */
  readonly reason: string;
  /** Who sets it, in 1 to 100 characters: it is kept in the log of changes. */
  readonly by: string;
}

/** Why an entry is removed, and by whom. */
export type RemovalTerms = Pick<Terms, "by"> & Partial<Pick<Terms, "reason">>;

/** Another limit than the policy's. */
export interface OverrideOptions {
  /** The rule. */
  readonly rule: string;
  /** Units in a window; a factor of the policy's limit, such as "2x" or "0.5x"; or "unlimited". */
  readonly to: number | `${number}x` | "unlimited";
  /**
   * The name of one limit in RateLimit headers, such as "search:ip:minute".
   * @default every limit of the rule; for a number the rule must have one limit alone
   */
  readonly limit?: string | undefined;
  /**
   * Whose limit.
   * @default every client's
   */
  readonly client?: Whom | undefined;
}

/** Whom an entry is for, as far as the store knows. */
export type ControlledClient =
  | { readonly network: string }
  | {
      readonly clientKey: string;
      /** The identity that is compared; null where the client key alone was known. */
      readonly identity: string | null;
    };

/** What an entry sets. */
export type ControlSetting =
  | { readonly kind: "allow" | "block"; readonly client: ControlledClient }
  | {
      readonly kind: "override";
      readonly rule: string;
      /** The name of one limit; null for every limit of the rule. */
      readonly limit: string | null;
      readonly to: number | string;
      /** Null for every client. */
      readonly client: ControlledClient | null;
    }
  | {
      readonly kind: "mode";
      readonly mode: GateMode;
      /** Null for everything. */
      readonly rule: string | null;
    };

/** An entry that cannot be read: something else than Headgate wrote it, or another version. */
export interface UnreadableSetting {
  readonly kind: "unreadable";
}

/** An entry of the control document. */
export type ControlEntry = (ControlSetting | UnreadableSetting) & {
  /** Names the entry in events, in the log, and where it is removed. Entries for the same have the same. */
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  /** When it was set: milliseconds since 1970, on Redis's clock; 0 where that is not known. */
  readonly at: number;
  /** When it ends: milliseconds since 1970, on Redis's clock; 0 where it cannot be read. */
  readonly until: number;
  /** Milliseconds until it ends, when it was read; 0 where it cannot be read. */
  readonly endsInMs: number;
  /** False where it was made with another HEADGATE_SECRET, or cannot be read: no gate follows it. */
  readonly isUsable: boolean;
};

/** One change of the control document. */
export interface ControlChange {
  /** Its place in the log: the id of the entry in the stream. */
  readonly change: string;
  /** When: milliseconds since 1970, on Redis's clock. */
  readonly at: number;
  readonly action: "set" | "remove" | "reset";
  /** The id of the entry. */
  readonly id: string;
  /** What was set or removed; null for a reset, and for an entry that could not be read. */
  readonly setting: ControlSetting | null;
  /** When the entry ends that was set: milliseconds since 1970; null for other actions. */
  readonly until: number | null;
  readonly reason: string;
  readonly by: string;
}

/** Sets what holds while the app runs. */
export interface Control {
  /** Blocks a client or a network: it gets 403. An entry that allows the same is replaced. */
  block(whom: Whom, terms: Terms): Promise<ControlEntry>;
  /** Allows a client or a network without counting it. An entry that blocks the same is replaced. */
  allow(whom: Whom, terms: Terms): Promise<ControlEntry>;
  /** Sets another limit than the policy's, for one client or for all. */
  override(options: OverrideOptions, terms: Terms): Promise<ControlEntry>;
  /** Sets what becomes of decisions: of one rule, or of everything. */
  mode(
    mode: GateMode,
    terms: Terms & { readonly rule?: string | undefined },
  ): Promise<ControlEntry>;
  /** Returns the entries that have not ended, the one that ends first at the front. */
  list(): Promise<readonly ControlEntry[]>;
  /** Removes an entry by its id, and returns it; undefined where no entry has that id. */
  remove(id: string, terms: RemovalTerms): Promise<ControlEntry | undefined>;
  /**
   * Returns the latest changes, the latest first.
   *
   * @param last how many, from 1 to 1000; 50 by default
   */
  log(last?: number): Promise<readonly ControlChange[]>;
}
