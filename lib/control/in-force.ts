import type { Client, KeyedHash } from "#lib/core/client";
import type { Clock } from "#lib/core/clock";
import type { HeadgateEvent } from "#lib/core/events";
import type { GateMode } from "#lib/core/mode";
import type { Match, RuleSet } from "#lib/policy/types";
import type { Keys } from "#lib/redis/keys";
import type { Requester } from "#lib/redis/upstash-protocol";
import type { ClientLists } from "./lists.ts";

/** What is set while the app runs, in the form that requests need. */
export interface InForce {
  /** The mode of all rules, which replaces HEADGATE_MODE; undefined when it is not set. */
  readonly mode: GateMode | undefined;
  /** Clients that are allowed or blocked; undefined when there are no such clients. */
  readonly lists: ClientLists | undefined;
  /** Returns the match with the modes that are set for its rules; undefined when every rule is off. */
  ruled(match: Match): Match | undefined;
  /** Returns the rules with the limits that are set for a client. */
  limited(rules: RuleSet, client: Client): RuleSet;
}

/** The result of reading the store again. */
export interface CaughtUp {
  /** Keys of limits that were reset. This instance must drop what it remembers of them. */
  readonly resets: readonly string[];
  /** The failures: of the store, or of an entry that cannot be read. */
  readonly failures: readonly HeadgateEvent[];
}

/** The parts of a gate that are needed to follow the control document. */
export interface LiveParts {
  /** Sends the calls that read the document. */
  readonly requester: Requester;
  /** Names the keys of the document. */
  readonly keys: Keys;
  /** Makes client keys with the secret. */
  readonly keyedHash: KeyedHash;
  /** Makes client keys with HEADGATE_SECRET_PREVIOUS; undefined when that is not set. */
  readonly previousHash: KeyedHash | undefined;
  /**
   * The bits of an IPv6 address that name a client.
   * @default 64
   */
  readonly ipv6Prefix?: number | undefined;
  /**
   * The clock, in milliseconds.
   * @default the runtime's, which never goes back
   */
  readonly clock?: Clock | undefined;
}

/** Follows what is set while the app runs. */
export interface Live {
  /** Returns what is in force; undefined when nothing is set. It does not call the store. */
  inForce(): InForce | undefined;
  /** Returns a requester whose calls also check, at most once in two seconds, whether something was set. */
  reading(requester: Requester): Requester;
  /** Returns the work to do after this response; undefined without such work. The work never rejects. */
  due(): (() => Promise<CaughtUp>) | undefined;
}
