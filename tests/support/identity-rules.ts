import { defineIdentities, definePolicy } from "#lib/policy/define";

/** Rules that count a client by each way of composing identities. */
export const policy = definePolicy({
  identities: defineIdentities({ user: "from-code", account: "from-code" }),
  rules: {
    user: { limits: { user: "1000 per hour" } },
    either: { limits: { "user|account": "1000 per hour" } },
    both: { limits: { "user+account": "1000 per hour" } },
    here: { limits: { "ip+user": "1000 per hour" } },
    address: { limits: { ip: "1000 per hour" } },
    everyone: { limits: { global: "1000 per hour" } },
    several: {
      limits: { account: "900 per day", "user+account": "900 per day", ip: "900 per day" },
    },
  },
});

export interface Ids {
  readonly user?: string;
  readonly account?: string;
  readonly ip?: string;
}

export const RULES = ["user", "either", "both", "here", "address", "everyone", "several"] as const;
