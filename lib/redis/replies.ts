/** Why a store call failed. docs/reference/errors.md explains each code. */
export type StoreErrorCode =
  | LastingCode
  | "STORE_TIMEOUT"
  | "STORE_REJECTED"
  | "STORE_BAD_ANSWER"
  | "STORE_NOT_TRIED";

/** A code of a store that rejects every call until it is repaired or ready. */
export type LastingCode =
  | "STORE_UNREACHABLE"
  | "STORE_UNAUTHORIZED"
  | "STORE_OVER_QUOTA"
  | "STORE_SUSPENDED"
  | "STORE_OUT_OF_MEMORY"
  | "STORE_READ_ONLY"
  | "STORE_NOT_PERMITTED"
  | "STORE_WRONG_ADDRESS";

/** The replies of one code, and the advice for an operator. */
interface Lasting {
  /** The beginning of such a reply. The rest is not read, because it may repeat data of a client. */
  readonly replies: RegExp;
  /** The meaning of the code, and what to do. */
  readonly advice: string;
}

/** The error replies of Redis, its provider or the gateway while the store is unavailable. */
export const LASTING: Readonly<Record<LastingCode, Lasting>> = {
  STORE_UNREACHABLE: {
    replies: /^(?:LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNREACHABLE)\b/,
    advice:
      "Redis does not serve: it is loading, busy with a script, or its primary or cluster is down.",
  },
  STORE_UNAUTHORIZED: {
    replies: /^(?:NOAUTH|WRONGPASS|DENIED)\b/,
    advice:
      "The store refused the credentials. Check UPSTASH_REDIS_REST_TOKEN, or the password in REDIS_URL.",
  },
  STORE_OVER_QUOTA: {
    // A size limit that is exceeded concerns one command, and not the quota.
    replies:
      /^(?![a-z ]*\bsize\b)(?:max [a-z ]*(?:exceeded|reached)|[a-z ]*\b(?:quota|limit) (?:exceeded|reached)|too many (?:requests|connections|clients))/i,
    advice: "A quota of the store is used up. Raise its plan, or wait until the quota is renewed.",
  },
  STORE_SUSPENDED: {
    replies:
      /^(?:(?:this|the|your) )?database [a-z ]*\b(?:suspended|archived|paused|disabled|deleted)/i,
    advice: "The provider has suspended the database. See the provider's console.",
  },
  STORE_OUT_OF_MEMORY: {
    replies: /^OOM\b/,
    advice: "Redis has no memory left and refuses to write. Raise maxmemory, or delete keys.",
  },
  STORE_READ_ONLY: {
    replies: /^(?:READONLY|MISCONF|NOREPLICAS)\b/,
    advice:
      "Redis refuses to write: it is a replica, cannot save to its disk, or has too few replicas.",
  },
  STORE_NOT_PERMITTED: {
    // Redis has other texts for NOPERM and for unknown commands when a script calls them.
    replies:
      /^(?:NOPERM\b|The user executing the script can't|ACL failure in script|Unknown Redis command called from|This Redis command is not allowed from)/,
    advice:
      "The store does not permit a command or a key of this call. Use a token that may write, or extend the user's ACL.",
  },
  STORE_WRONG_ADDRESS: {
    replies: /^(?:MOVED|ASK)\b/,
    advice:
      "The address is not the store's. UPSTASH_REDIS_REST_URL must be the exact REST URL, without a path; a Redis Cluster needs HEADGATE_CLUSTER=1.",
  },
};

/** The text that Lua in Redis 6 and 7 puts before an error reply to a command of a script. */
const IN_SCRIPT =
  /^(?:ERR )?(?:Error running script \(call to f_[0-9a-f]{40}\): )?(?:@?user_script: ?\d+: ?)+-?/;

/** The reply to an unknown command, with the command's name. */
const UNKNOWN = /^(?:unknown command|command is not available:?) ['`"]?([^\s'`",]{1,64})/i;

/** The parts of an error reply that hold no data of a client. */
interface Refusal {
  /** The first word of the reply, such as "OOM"; "ERR" when the reply has no such word. */
  readonly word: string;
  /** STORE_REJECTED when the reply is about this command alone, and the store is available. */
  readonly code: RefusalCode;
}

type RefusalCode = LastingCode | "STORE_TIMEOUT" | "STORE_REJECTED";

/**
 * Reads an error reply.
 *
 * @param sent the names of the commands that the reply may be about, in capitals
 * @param reply the text of the error; it may repeat keys and values
 */
export function readRefusal(sent: readonly string[], reply: string): Refusal {
  const text = reply.replace(IN_SCRIPT, "").replace(/^ERR /, "");
  const first = /^[A-Z][A-Z0-9]{2,24}\b/.exec(text)?.[0];
  const word = first ?? (reply.includes("NOSCRIPT") ? "NOSCRIPT" : "ERR");
  return { word, code: word === "TIMEOUT" ? "STORE_TIMEOUT" : codeOf(sent, text) };
}

function codeOf(sent: readonly string[], text: string): RefusalCode {
  const unknown = UNKNOWN.exec(text)?.[1]?.toUpperCase();
  if (unknown !== undefined) {
    // A store reads the first segment of the URL's path as the command, so an unsent name means a wrong URL.
    return sent.includes(unknown) ? "STORE_NOT_PERMITTED" : "STORE_WRONG_ADDRESS";
  }
  const codes = Object.keys(LASTING) as LastingCode[];
  return codes.find((code) => LASTING[code].replies.test(text)) ?? "STORE_REJECTED";
}
