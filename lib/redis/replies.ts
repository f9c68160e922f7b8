/** What went wrong with a store call. docs/failure-modes.md says what each code means. */
export type StoreErrorCode =
  | LastingCode
  | "STORE_TIMEOUT"
  | "STORE_REJECTED"
  | "STORE_BAD_ANSWER"
  | "STORE_NOT_TRIED";

/** A code of a store that refuses call after call, until it is repaired or ready. */
export type LastingCode =
  | "STORE_UNREACHABLE"
  | "STORE_UNAUTHORIZED"
  | "STORE_OVER_QUOTA"
  | "STORE_SUSPENDED"
  | "STORE_OUT_OF_MEMORY"
  | "STORE_READ_ONLY"
  | "STORE_NOT_PERMITTED"
  | "STORE_WRONG_ADDRESS";

/** The replies of one code, and what an operator is told of them. */
interface Lasting {
  /** The beginning of such a reply. The rest is not read, because it may repeat what a client sent. */
  readonly replies: RegExp;
  /** What the code means, and what to do. */
  readonly advice: string;
}

/** What Redis, its provider or the gateway answers in the place of a result while it does not serve. */
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
    // A size that is exceeded is the fault of one command.
    replies:
      /^(?![a-z ]*\bsize\b)(?:max [a-z ]*(?:exceeded|reached)|[a-z ]*\b(?:quota|limit) (?:exceeded|reached)|too many (?:requests|connections|clients))/i,
    advice: "A quota of the store is used up. Raise its plan, or wait until the quota is renewed.",
  },
  STORE_SUSPENDED: {
    replies:
      /^(?:(?:this|the|your) )?database [a-z ]*\b(?:suspended|archived|paused|disabled|deleted)/i,
    advice: "The provider has suspended the database. Look into the provider's console.",
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
    // Redis words NOPERM, and a command that it does not have, in another way when a script calls it.
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

/** What Lua puts before the reply to a command that a script called: Redis 6, and Redis 7. */
const IN_SCRIPT =
  /^(?:ERR )?(?:Error running script \(call to f_[0-9a-f]{40}\): )?(?:@?user_script: ?\d+: ?)+-?/;

/** A command that the store does not know, and its name. */
const UNKNOWN = /^(?:unknown command|command is not available:?) ['`"]?([^\s'`",]{1,64})/i;

/** What a reply in the place of a result says, as far as it may be told. */
interface Refusal {
  /** The first word of the reply, such as "OOM"; "ERR" where it has none. */
  readonly word: string;
  /** STORE_REJECTED where the reply is about the one command, and the store serves. */
  readonly code: RefusalCode;
}

type RefusalCode = LastingCode | "STORE_TIMEOUT" | "STORE_REJECTED";

/**
 * Reads what was answered in the place of a result.
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
    // The first part of a path in the address is read as a command's name.
    return sent.includes(unknown) ? "STORE_NOT_PERMITTED" : "STORE_WRONG_ADDRESS";
  }
  const codes = Object.keys(LASTING) as LastingCode[];
  return codes.find((code) => LASTING[code].replies.test(text)) ?? "STORE_REJECTED";
}
