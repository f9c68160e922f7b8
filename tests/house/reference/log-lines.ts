import type { LineKind } from "#lib/observe/log";

interface LineWords {
  readonly level: string;
  readonly when: string;
  readonly fields: string;
}

/** Each kind of line that the log writes. */
export const LOG_LINES: Readonly<Record<LineKind | "suppressed", LineWords>> = {
  denied: {
    level: "info",
    when: "a request was denied",
    fields:
      '`rules` without capacity; `limits`: their limits without capacity, by their names in headers; `clients`: for each of `limits` the client key that it counts, which [`headgate inspect`](commands.md#headgate-inspect) takes; `method`; `patterns` that matched; `retryAfterMs`; `requestId`. For a body that is too large also `reason` and `maxBody` in bytes. For a blocked client `reason` (`"blocked"`) and `entry`, with every rule that matched and the client key of each of their limits',
  },
  "shadow-denied": {
    level: "warn",
    when: "a rule in shadow would have denied a request",
    fields: "`rules`, `limits`, `clients`, `method`, `patterns`, `requestId`, as above",
  },
  "store-failed": {
    level: "warn",
    when: "the store failed for a check. Without a configured store there is one message and no line for each check",
    fields:
      '`rules`, `onStoreFailure`, `outcome`, `counted` (when "in-process"), `error`, `tookMs`, `requestId`',
  },
  breaker: { level: "warn", when: "the breaker opened or closed", fields: "`state`, `error`" },
  address: {
    level: "that of the event",
    when: "requests may be counted as the wrong client",
    fields: "`code`, `message`",
  },
  failure: {
    level: "warn",
    when: "work failed, and no caller received the error",
    fields: "`during`, `name`, `error`",
  },
  "lock-lost": { level: "warn", when: "a lock was lost", fields: "`error`" },
  "dedup-lost": {
    level: "warn",
    when: "a claim was lost while its work ran",
    fields: "`error`",
  },
  suppressed: {
    level: "warn",
    when: "there were more than ten lines of a kind in the second before",
    fields: "`of`: the kind; `lines`: how many were not written",
  },
};
