import type { ControlEntry, ControlNow, LookedUp } from "#lib/dashboard/model";

/** The client that the tests look up. */
export const CLIENT_KEY = "dQw4w9WgXcQsea7fBz01kL";

/** Returns an entry of each kind, one that no gate follows, and one that cannot be read. */
export function entriesAt(now: number): readonly ControlEntry[] {
  const minute = 60_000;
  const about = (id: string, minutes: number, reason: string) => ({
    id,
    reason,
    by: "operator",
    at: now - 20 * minute,
    until: now + minutes * minute,
    endsInMs: minutes * minute,
    isUsable: true,
  });
  const client = { clientKey: CLIENT_KEY, identity: "user" };
  return [
    {
      ...about("strange", 0, ""),
      kind: "unreadable",
      by: "",
      at: 0,
      until: 0,
      isUsable: false,
    },
    {
      ...about("mode:search", 9.97, "the new index answers slowly"),
      kind: "mode",
      mode: "shadow",
      rule: "search",
    },
    {
      ...about("network:203.0.113.0/24", 71.4, "a flood of logins since 14:02"),
      kind: "block",
      client: { network: "203.0.113.0/24" },
    },
    {
      ...about("client:x", 300, "our own monitor"),
      kind: "allow",
      client: { clientKey: "aZ0-_1234567890abcdefg", identity: null },
      isUsable: false,
    },
    {
      ...about(
        "override:search@x",
        3125,
        "a customer who imports a catalogue, as agreed on the phone",
      ),
      kind: "override",
      rule: "search",
      limit: null,
      to: "2x",
      client,
    },
    {
      ...about("override:webhooks", 5000, "their retries after the outage"),
      kind: "override",
      rule: "webhooks",
      limit: "webhooks:global:hour",
      to: 5000,
      client: null,
    },
  ];
}

/** Returns the control entries as sent to an admin. */
export function controlAt(now: number, changes: Partial<ControlNow> = {}): ControlNow {
  return {
    entries: entriesAt(now),
    more: 0,
    isFollowed: true,
    admin: "operator",
    ...changes,
  };
}

/** Returns the state of one client, which is over a limit and in shadow mode. */
export function lookedUpAt(now: number, key = CLIENT_KEY): LookedUp {
  const limit = {
    subject: "user|ip",
    isGlobal: false,
    clientKey: key,
    key: "",
    algorithm: "sliding-window",
    windowMs: 60_000,
    policyLimit: 10,
    cost: 1,
  };
  return {
    key,
    inspection: {
      mode: "enforce",
      listed: null,
      set: entriesAt(now).filter(({ id }) => id === "override:search@x"),
      countedIn: "store",
      clientKeys: [key],
      unknown: [],
      rules: [
        {
          rule: "search",
          tier: null,
          isShadow: false,
          isAllowed: false,
          reason: "over-limit",
          entry: null,
          hasCapacity: false,
          retryAfterMs: 37_000,
          limits: [
            {
              ...limit,
              name: "search:user|ip:minute",
              limit: 20,
              used: 20,
              remaining: 0,
              waitMs: 37_000,
              resetMs: 37_000,
            },
            {
              ...limit,
              name: "search:user|ip:day",
              limit: 2000,
              used: 312,
              remaining: 1688,
              waitMs: 0,
              resetMs: 52_000_000,
            },
          ],
        },
        {
          rule: "artists",
          tier: "plan pro",
          isShadow: true,
          isAllowed: true,
          reason: "within-limit",
          entry: null,
          hasCapacity: true,
          retryAfterMs: null,
          limits: [
            {
              ...limit,
              name: "artists:user|ip:hour",
              limit: 300,
              used: 12,
              remaining: 288,
              waitMs: 0,
              resetMs: 1_800_000,
            },
          ],
        },
      ],
    },
  };
}
