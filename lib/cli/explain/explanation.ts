/** The form of an explanation, as `headgate explain --json` prints it. */

import type { ExplainedRule } from "./rules.ts";

/**
 * The source of the secret by which clients are hashed: the variable, the app that runs in the folder, the
 * credentials of the store that the environment names, or "none" of them, when a server makes a secret at its
 * start.
 */
export type SecretSource = "HEADGATE_SECRET" | "running-app" | "store" | "none";

/** One limit that a request consumes. */
export interface ExplainedLimit {
  readonly name: string;
  readonly isShadow: boolean;
  readonly limit: number;
  readonly windowMs: number;
  readonly algorithm: string;
  readonly cost: number;
  /** The key in the store. */
  readonly key: string;
}

/** One client that limits of a request count. */
export interface ExplainedClient {
  /** As the policy writes it, such as "user|ip". */
  readonly subject: string;
  /** The client key, for `headgate inspect --key`. */
  readonly key: string;
  readonly countsAddress: boolean;
}

/** The entry of the policy's lists that decides a request. */
export interface ExplainedEntry {
  readonly list: "allow" | "block";
  /** The id in decisions, such as "policy block 1" for the first entry of `block`. */
  readonly id: string;
  /** The client as the policy writes it. */
  readonly client: string;
  readonly reason: string;
}

/** What the gate would do with a request of a client that has consumed nothing yet. */
export interface Explanation {
  readonly method: string;
  /** The path as it was sent. */
  readonly pathname: string;
  /** The paths that rules are matched with. */
  readonly readings: readonly string[];
  /** The pattern and the reason when the path is exempt, so that no rule applies. */
  readonly exempt: { readonly pattern: string; readonly reason: string } | undefined;
  /** Where the secret of the client keys comes from. */
  readonly secret: SecretSource;
  /** Why the app that runs in the folder has other keys; undefined when it has the same, or no app runs. */
  readonly keyWarning: string | undefined;
  readonly rules: readonly ExplainedRule[];
  /**
   * The entry that allows the client without counting it, or blocks it; null when no list of the policy names
   * it.
   */
  readonly entry: ExplainedEntry | null;
  readonly address: string;
  /** The value of each identity that rules or lists need; null when the request proves none. */
  readonly identities: Readonly<Record<string, string | null>>;
  /** Why the resolver of an identity failed, by the identity's name. */
  readonly failures: Readonly<Record<string, string>>;
  /**
   * Why the request's tokens do not verify: jose's codes, such as "ERR_JWT_EXPIRED (exp)"; "type" or "sub" for a
   * type that is not a user's, or a subject that is no name; "UNKNOWN" for a bearer token without a known reason.
   */
  readonly unverified: readonly string[];
  /** The value of each condition of the lists. */
  readonly conditions: Readonly<Record<string, boolean>>;
  readonly clients: readonly ExplainedClient[];
  readonly limits: readonly ExplainedLimit[];
  readonly calls: number;
  readonly billed: number;
  readonly onStoreFailure: string | undefined;
  /** The response to an allowed request; undefined when no request is allowed, as for a blocked client. */
  readonly allowed: ExplainedResponse | undefined;
  /**
   * The response to a denied request; undefined when nothing denies, or when the limit is too large to be
   * used up here.
   */
  readonly denied: ExplainedResponse | undefined;
}

/** The response that a client gets. */
export interface ExplainedResponse {
  /** The status; undefined for a response of a handler. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
}
