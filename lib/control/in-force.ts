import type { Client, KeyedHash } from "#lib/core/client";
import type { Clock } from "#lib/core/clock";
import type { HeadgateEvent } from "#lib/core/events";
import type { GateMode } from "#lib/core/mode";
import type { Match, RuleSet } from "#lib/policy/types";
import type { Keys } from "#lib/redis/keys";
import type { Requester } from "#lib/redis/upstash-protocol";
import type { ClientLists } from "./lists.ts";

/** What is set while the app runs, as requests meet it. */
export interface InForce {
  /** What becomes of all decisions, in the place of HEADGATE_MODE; undefined where that is not set. */
  readonly mode: GateMode | undefined;
  /** Clients that are allowed or blocked; undefined where no client is. */
  readonly lists: ClientLists | undefined;
  /** Returns the match with the modes that are set for its rules; undefined where every rule is off. */
  ruled(match: Match): Match | undefined;
  /** Returns the rules with the limits that are set for a client. */
  limited(rules: RuleSet, client: Client): RuleSet;
}

/** What was found when the store was read again. */
export interface CaughtUp {
  /** Keys of limits that were reset: what this instance remembers of them is void. */
  readonly resets: readonly string[];
  /** What went wrong: a store that failed, or an entry that cannot be read. */
  readonly failures: readonly HeadgateEvent[];
}

/** What following the control document stands on: parts of a gate. */
export interface LiveParts {
  /** Sends the calls that read the document. */
  readonly requester: Requester;
  /** Names the keys of the document. */
  readonly keys: Keys;
  /** Makes client keys by the secret. */
  readonly keyedHash: KeyedHash;
  /** Makes them by HEADGATE_SECRET_PREVIOUS; undefined where that is not set. */
  readonly previousHash: KeyedHash | undefined;
  /**
   * The bits of an IPv6 address that name a client.
   * @default 64
   */
  readonly ipv6Prefix?: number | undefined;
  /**
   * What times go by, in milliseconds.
   * @default the runtime's, which never goes back
   */
  readonly clock?: Clock | undefined;
}

/** Follows what is set while the app runs. */
export interface Live {
  /** Returns what is in force; undefined where nothing is set. It calls no store. */
  inForce(): InForce | undefined;
  /** Returns a requester whose calls read, at most once in two seconds, whether something was set. */
  reading(requester: Requester): Requester;
  /** Returns what is to be done after this response; undefined where nothing is. It never rejects. */
  due(): (() => Promise<CaughtUp>) | undefined;
}
