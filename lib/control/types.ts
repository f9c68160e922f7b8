import type { GateMode } from "#lib/core/mode";

/** The client of an entry: an address, a CIDR block, the value of an identity, or a client key of the log. */
export type Whom =
  | {
      /**
       * An address such as "203.0.113.7", or a CIDR block such as "203.0.113.0/24" for `block` and `allow`.
       * @example
       * await control.block({ ip: "203.0.113.0/24" }, { for: "1 day", reason: "spam", by: "ada" });
       */
      readonly ip: string;
    }
  | {
      /**
       * The name of an identity in the policy, such as "user".
       * @example
       * const terms = { for: "1 day", reason: "spam", by: "ada" };
       * await control.block({ identity: "user", value: "mallory" }, terms);
       */
      readonly identity: string;
      /**
       * Its value, such as "ada".
       * @example
       * const terms = { for: "1 day", reason: "spam", by: "ada" };
       * await control.block({ identity: "user", value: "mallory" }, terms);
       */
      readonly value: string;
    }
  | {
      /**
       * A client key of 22 characters, from a line of the log or from the dashboard.
       * @example
       * await control.block({ key: "mWm0Xc8bUVZcEZ6ovT0mWg" }, { for: "1 day", reason: "spam", by: "ada" });
       */
      readonly key: string;
    };

/** The length, reason and author of an entry. */
export interface Terms {
  /**
   * How long the entry lasts: a length such as "2h" or "30 minutes", or milliseconds; from 1 second to 30
   * days.
   * @example
   * const terms = { for: "30 minutes", reason: "tries stolen passwords", by: "ada" };
   * await control.block({ ip: "203.0.113.0/24" }, terms);
   */
  readonly for: string | number;
  /**
   * The reason, in 1 to 200 characters. It is kept in the log of changes, and not shown to clients.
   * @example
   * const terms = { for: "2h", reason: "tries stolen passwords", by: "ada" };
   * await control.block({ ip: "203.0.113.0/24" }, terms);
   */
  readonly reason: string;
  /**
   * The author, in 1 to 100 characters. It is kept in the log of changes.
   * @example
   * const terms = { for: "2h", reason: "tries stolen passwords", by: "ada" };
   * await control.block({ ip: "203.0.113.0/24" }, terms);
   */
  readonly by: string;
}

/** The reason and author of a removal. */
export type RemovalTerms = Pick<Terms, "by"> & Partial<Pick<Terms, "reason">>;

/** A limit that replaces the policy's. */
export interface OverrideOptions {
  /**
   * The rule whose limit is replaced, by its name in the policy.
   * @example
   * const terms = { for: "2h", reason: "import of a customer", by: "ada" };
   * await control.override({ rule: "search", to: "2x" }, terms);
   */
  readonly rule: string;
  /**
   * The new limit: units in a window, a factor of the policy's limit such as "2x" or "0.5x", or "unlimited".
   * @example
   * const terms = { for: "2h", reason: "import of a customer", by: "ada" };
   * await control.override({ rule: "search", to: "unlimited" }, terms);
   */
  readonly to: number | `${number}x` | "unlimited";
  /**
   * The name of one limit in RateLimit headers, such as "search:ip:minute".
   * @default every limit of the rule; for a number the rule must have only one limit
   * @example
   * const terms = { for: "2h", reason: "import of a customer", by: "ada" };
   * await control.override({ rule: "login", to: 50, limit: "login:ip:15-minutes" }, terms);
   */
  readonly limit?: string | undefined;
  /**
   * The client of the override.
   * @default every client
   * @example
   * const terms = { for: "2h", reason: "import of a customer", by: "ada" };
   * await control.override({ rule: "search", to: "2x", client: { ip: "203.0.113.7" } }, terms);
   */
  readonly client?: Whom | undefined;
}

/** The client of an entry, as far as the store knows it. */
export type ControlledClient =
  | { readonly network: string }
  | {
      readonly clientKey: string;
      /** The identity that is compared; null when only the client key was known. */
      readonly identity: string | null;
    };

/** The setting of an entry. */
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
      /** Null for all rules. */
      readonly rule: string | null;
    };

/** An entry that cannot be read, because another program or another version of Headgate wrote it. */
export interface UnreadableSetting {
  readonly kind: "unreadable";
}

/** An entry of the control document. */
export type ControlEntry = (ControlSetting | UnreadableSetting) & {
  /**
   * The name of the entry in events, in the log and for removal. Entries for the same client and limit have
   * the same id.
   */
  readonly id: string;
  readonly reason: string;
  readonly by: string;
  /** When it was set: milliseconds since 1970, on Redis's clock; 0 when it is not known. */
  readonly at: number;
  /** When it ends: milliseconds since 1970, on Redis's clock; 0 when it cannot be read. */
  readonly until: number;
  /** Milliseconds until it ends, when it was read; 0 when it cannot be read. */
  readonly endsInMs: number;
  /** False when it was made with another HEADGATE_SECRET or cannot be read, so that no gate follows it. */
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
  /** When the new entry ends: milliseconds since 1970; null for other actions. */
  readonly until: number | null;
  readonly reason: string;
  readonly by: string;
}

/** Changes and lists what is set while the app runs. */
export interface Control {
  /** Blocks a client or a network: it gets 403. It replaces an entry that allows the same client. */
  block(client: Whom, terms: Terms): Promise<ControlEntry>;
  /** Allows a client or a network without counting it. It replaces an entry that blocks the same client. */
  allow(client: Whom, terms: Terms): Promise<ControlEntry>;
  /** Replaces a limit of the policy, for one client or for all. */
  override(options: OverrideOptions, terms: Terms): Promise<ControlEntry>;
  /** Sets the mode of one rule, or of all rules. */
  mode(
    mode: GateMode,
    terms: Terms & {
      /**
       * The rule whose mode is set.
       * @default every rule
       * @example
       * await control.mode("shadow", { rule: "search", for: "2h", reason: "too many denials", by: "ada" });
       */
      readonly rule?: string | undefined;
    },
  ): Promise<ControlEntry>;
  /** Returns the entries that have not ended, in the order of their ends. */
  list(): Promise<readonly ControlEntry[]>;
  /** Removes an entry by its id, and returns it; undefined when no entry has that id. */
  remove(id: string, terms: RemovalTerms): Promise<ControlEntry | undefined>;
  /**
   * Returns the latest changes, the latest first.
   *
   * @param last how many, from 1 to 1000; 50 by default
   */
  log(last?: number): Promise<readonly ControlChange[]>;
}
