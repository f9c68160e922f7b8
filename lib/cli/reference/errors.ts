import { type Group, SAYS_WHICH } from "./error-words.ts";
import { INIT, PROGRAMS } from "./program-errors.ts";

const SETTINGS: Group = {
  POLICY_INVALID: {
    when: "The policy has at least one problem. The error lists every problem with its code and its place.",
    todo: "Run `npx headgate check`, and look up each code in the [policy errors](policy-errors.md).",
  },
  REWRITES_INVALID: {
    when: "`HEADGATE_REWRITES` is not the result of `rewrites()` of next.config.",
    todo: "Use `withHeadgate` of `headgate/plugin` in next.config, which writes the variable.",
  },
  MATCHER_INVALID: {
    when: "A matcher that was given to `runsOn` has a source or a value that is not a pattern.",
    todo: "Write the matcher as Next's `config.matcher` accepts it.",
  },
  ENV_INVALID: {
    when: "A variable is missing, has an invalid value, or contradicts another variable. The error names the variable and never its value. In a handler or in middleware a missing variable fails no request: the `onStoreFailure` of each rule decides.",
    todo: "Correct the variables that the message names. The [list of variables](environment.md) has the form of each.",
  },
};

const CLIENTS: Group = {
  CLIENT_ADDRESS_UNKNOWN: {
    when: "No variable and no platform names the source of client addresses, or `CLIENT_IP_FROM` names one that does not exist here.",
    todo: "Set `CLIENT_IP_FROM` to fit your proxy: [the client's address](../guides/client-address.md).",
  },
  CLIENT_ADDRESS_HEADER_ABSENT: {
    when: "Reported once at level `warn`: a request came without the address that `CLIENT_IP_FROM` names. All such requests are counted as one client.",
    todo: "Set `CLIENT_IP_FROM` to fit your proxy. If clients can reach the app without the proxy, close that way.",
  },
  CLIENT_ADDRESS_HEADER_UNCONFIGURED: {
    when: "Reported once for each header: a request carried a header with another address than the counted one, and `CLIENT_IP_FROM` does not read that header. The level is `info`, because a client can send any header. It is `warn` when the counted address belongs to Cloudflare and `CF-Connecting-IP` names its client: then all clients of one Cloudflare server share a count.",
    todo: "If your platform or proxy wrote the header, set what the message says. If no proxy of yours writes it, a client sent it and nothing is wrong. A proxy that writes `Forwarded` must write `X-Forwarded-For` too.",
  },
  CLIENT_ADDRESS_MORE_HOPS: {
    when: "Reported once at level `info`: a request carried more entries in `X-Forwarded-For` than `hops:n` reads.",
    todo: "Count your proxies. If one of them wrote the further entries, raise n, or use `trusted:` with their networks; otherwise all clients behind that proxy share one count. If a client or its company's proxy wrote them, nothing is wrong. Do not raise n to silence this: when n is too large, a client chooses its own address.",
  },
  IDENTITY_UNRESOLVED: {
    when: "Reported once for each identity and library at level `info`: an identity resolved to nothing while the request carried a session cookie of a known library. The request was counted by its address, or by the first tier.",
    todo: "If the session belongs to this app, use a resolver that reads it: [limit by user](../guides/limit-by-user.md). If the session has ended, or a client made the cookie up, nothing is wrong.",
  },
  IDENTITY_INVALID: {
    when: "A resolver of `config/identities.ts` returned a value that cannot be an identity. The request was decided without it, and the log has a line.",
    todo: "Return a string that is not empty, or undefined. The error names the identity.",
  },
  IDENTITY_TIMEOUT: {
    when: "A resolver of `config/identities.ts`, or a condition of the policy, took longer than `HEADGATE_STORE_DEADLINE_MS`. The request was decided without it, and the log has a line.",
    todo: "Make the resolver faster: verify a token locally instead of calling another service. The error names the identity or the condition.",
  },
  IDENTITY_OPTIONS_INVALID: {
    when: "A resolver of `headgate/identities/…` was given an invalid option. The error is thrown at once, or at the first request when the option is a function. Such a request is counted by its address, and the log has a line.",
    todo: "Correct the option. The error names it and never its value.",
  },
  VISITOR_SECRET_GUESSABLE: {
    when: "Reported once at level `warn`: the app called itself with `asVisitor`, and there is no secret to sign the visitor's address. The call is counted by the server's own address.",
    todo: "Set `HEADGATE_SECRET`, and give `visitorSecret` to the gate and to `createVisitorHeaders`.",
  },
};

const STORE: Group = {
  STORE_TIMEOUT: {
    when: "A store call did not end within `HEADGATE_STORE_DEADLINE_MS` (500 ms by default).",
    todo: "Run the store near the app. If the network is slow by nature, raise `HEADGATE_STORE_DEADLINE_MS`.",
  },
  STORE_UNREACHABLE: {
    when: "The connection failed, or Redis does not serve: it is loading, is busy with a script, or its primary or cluster is down.",
    todo: "Check the address, the network and the state of Redis.",
  },
  STORE_UNAUTHORIZED: {
    when: "The store rejected the credentials.",
    todo: "Check `UPSTASH_REDIS_REST_TOKEN`, or the password in `REDIS_URL`.",
  },
  STORE_OVER_QUOTA: {
    when: "A quota of the store is used up.",
    todo: "Raise its plan, or wait until the quota is renewed.",
  },
  STORE_SUSPENDED: {
    when: "The provider has suspended the database.",
    todo: "See the provider's console.",
  },
  STORE_OUT_OF_MEMORY: {
    when: "Redis has no memory left and rejects writes.",
    todo: "Raise `maxmemory`, or delete keys.",
  },
  STORE_READ_ONLY: {
    when: "Redis rejects writes: it is a replica, cannot save to its disk, or has too few replicas.",
    todo: "Use the address of the primary, or repair what the log of Redis names.",
  },
  STORE_NOT_PERMITTED: {
    when: "The store does not permit a command or a key of the call.",
    todo: "Use a token that may write, or extend the user's ACL.",
  },
  STORE_WRONG_ADDRESS: {
    when: "The address is not the store's: it has a path, or it names one node of a Redis Cluster.",
    todo: "`UPSTASH_REDIS_REST_URL` must be the exact REST URL, without a path. A Redis Cluster needs `HEADGATE_CLUSTER=1`.",
  },
  STORE_REJECTED: {
    when: "The store answered this one command with an error, and serves otherwise.",
    todo: "The message has the first word of the reply, such as `WRONGTYPE`. The rest of a reply is not read, because it may repeat data of a client.",
  },
  STORE_BAD_ANSWER: {
    when: "The response was not in the form of Upstash's REST API.",
    todo: "Check that `UPSTASH_REDIS_REST_URL` names a REST store, and that no proxy replaces its responses.",
  },
  STORE_NOT_TRIED: {
    when: "The call was not sent, because five calls in a row had failed and the breaker is open.",
    todo: "Look for the earlier error. The gate tries again by itself.",
  },
  STORE_NOT_FOUND: {
    when: "The redis-server that a program had to start is not installed, or ended at once.",
    todo: "Do what the message says, or set `HEADGATE_STORE=embedded` on a machine without Redis.",
  },
  PACKAGE_MISSING: {
    when: "An optional package, such as ioredis for `headgate/tcp`, is not installed or is too old.",
    todo: "Install the package that the message names.",
  },
};

const CALLS: Group = {
  LIMIT_UNKNOWN_RULE: {
    when: "A call from code names a rule that the policy does not have.",
    todo: SAYS_WHICH,
  },
  LIMIT_BAD_ARGUMENT: {
    when: "A call of a limit has an invalid argument, such as a negative cost.",
    todo: SAYS_WHICH,
  },
  LIMIT_NOT_IN_STORE: {
    when: "`resetClient` was called in a process that counts in its memory.",
    todo: "Configure a store, or restart the process.",
  },
  LOCK_BAD_ARGUMENT: {
    when: "A call of a lock has an invalid key, time or option.",
    todo: SAYS_WHICH,
  },
  LOCK_NOT_ACQUIRED: {
    when: "Another caller held the lock during the whole wait.",
    todo: "Wait longer, or answer that the work is busy.",
  },
  LOCK_LOST: {
    when: "The reason of a lock's `signal`: the lock TTL ended, or Redis lost the key.",
    todo: "Stop the work, because another caller may hold the lock: [locks](../guides/locks.md).",
  },
  LOCK_FLIGHT_FAILED: {
    when: "Another caller ran the work of a `singleFlight`, and it failed. The message contains that error's message.",
    todo: "Handle it like the error of the work itself.",
  },
  DEDUP_BAD_ARGUMENT: {
    when: "A call of dedup has an invalid key, time, effect or result.",
    todo: SAYS_WHICH,
  },
  DEDUP_CLAIM_LOST: {
    when: "Reported in an event [`dedup`](events.md#dedup) while work of `once` or `idempotent` runs: its claim could not be renewed, belongs to another caller, or was held for `maxHold`. The work continues, and may be done twice.",
    todo: "The error says which, and its cause is the store's error. Raise `maxHold` for longer work, and make the effect of the work itself safe to repeat.",
  },
  COUNTERS_BAD_ARGUMENT: {
    when: "The `windowMs` of `countEvents` is too short or too long.",
    todo: SAYS_WHICH,
  },
};

const CONTROL: Group = {
  CONTROL_BAD_ARGUMENT: {
    when: "A client, an end, a reason, a limit or an id is invalid in a call or command that changes what is set while the app runs.",
    todo: SAYS_WHICH,
  },
  CONTROL_NEEDS_SECRET: {
    when: "An entry about one client needs `HEADGATE_SECRET`. Without it the client key is derived from the store's credentials, and the entry would be void after these change.",
    todo: "Set `HEADGATE_SECRET` for the app and for the command. CIDR blocks, modes and overrides for all clients need no secret.",
  },
  CONTROL_NO_ENTRY: {
    when: "The entry to remove does not exist, or has ended.",
    todo: "`npx headgate control list` prints the entries with their ids.",
  },
  CONTROL_FULL: {
    when: "The control document holds 10,000 entries, the maximum beside modes and resets.",
    todo: "Remove entries, or replace addresses by a CIDR block.",
  },
  CONTROL_BAD_ENTRY: {
    when: "Reported in an event `failure`, once for each entry and with at most ten ids: an entry that was set while the app runs cannot be read, was made with another secret, or comes after 10,000 others. The gate ignores it and applies the others.",
    todo: "Set the entry again, or remove it (`npx headgate control list`). After a new secret, set `HEADGATE_SECRET_PREVIOUS`: [in an incident](../operate/incident.md).",
  },
};

/** The words about every code, by the heading of their group. */
export const ERROR_GROUPS: Readonly<Record<string, Group>> = {
  "Policy and settings": SETTINGS,
  "Who is counted": CLIENTS,
  "The store": STORE,
  "Calls of limits, locks, dedup and counters": CALLS,
  "What is set while the app runs": CONTROL,
  "Commands and programs": PROGRAMS,
  "headgate init": INIT,
};
