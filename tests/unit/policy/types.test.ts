import { expect, test } from "vitest";
import {
  defineIdentities,
  definePolicy,
  type IdentityName,
  type RuleName,
} from "#lib/policy/define";

// This tests the types: `npm run check` fails when a line compiles that must not.
test("a policy with unknown names does not compile, and one with known names does", () => {
  const identities = defineIdentities({ user: () => "ada", account: "from-code" });
  const policy = definePolicy({
    identities,
    rules: {
      api: { match: "/api/:path*", limits: { ip: "600 per minute", global: "9000 per minute" } },
      login: {
        limits: { account: "5 per 15 minutes", "user|ip": "1 per day", "ip+account": "2 per day" },
      },
      export: {
        match: "/api/export",
        replaces: "api",
        limits: { user: ["5 per hour", { limit: 9, window: "day" }] },
      },
    },
  });
  definePolicy({
    identities,
    rules: { a: { limits: { "user|account|ip": "5 per hour", "user+account+ip": "5 per hour" } } },
  });
  definePolicy({
    identities,
    rules: {
      tiered: { tiers: { user: { ada: { ip: "5 per hour" }, bob: { user: ["9 per hour"] } } } },
      shadow: { limits: { ip: "5 per hour" }, mode: "shadow", algorithm: "token-bucket" },
      part: { limits: { ip: "5 per hour" }, mode: "12.5%", algorithm: "fixed-window" },
    },
  });
  const rule: RuleName<typeof policy> = "login";
  const identity: IdentityName<typeof policy> = "account";
  // @ts-expect-error no rule has this name
  const noRule: RuleName<typeof policy> = "logout";
  // @ts-expect-error no identity has this name
  const noIdentity: IdentityName<typeof policy> = "tenant";

  // @ts-expect-error an unknown identity
  definePolicy({ identities, rules: { a: { limits: { tenant: "5 per hour" } } } });
  // @ts-expect-error an unknown identity in a fallback
  definePolicy({ identities, rules: { a: { limits: { "tenant|ip": "5 per hour" } } } });
  // @ts-expect-error an unknown identity in a combination
  definePolicy({ identities, rules: { a: { limits: { "ip+tenant": "5 per hour" } } } });
  // @ts-expect-error no identity but ip and global without identities
  definePolicy({ rules: { a: { limits: { user: "5 per hour" } } } });
  // @ts-expect-error an unknown rule
  definePolicy({ rules: { a: { limits: { ip: "5 per hour" }, replaces: "b" } } });
  // @ts-expect-error an unknown identity that chooses a tier
  definePolicy({ identities, rules: { a: { tiers: { plan: { free: { ip: "5 per hour" } } } } } });
  // @ts-expect-error an unknown identity in a tier
  definePolicy({ identities, rules: { a: { tiers: { user: { a: { plan: "5 per hour" } } } } } });
  // @ts-expect-error neither limits nor tiers
  definePolicy({ rules: { a: { match: "/" } } });
  const tiers = { user: { a: { ip: "5 per hour" as const } } };
  // @ts-expect-error both limits and tiers
  definePolicy({ identities, rules: { a: { limits: { ip: "5 per hour" }, tiers } } });
  // @ts-expect-error an unknown mode
  definePolicy({ rules: { a: { limits: { ip: "5 per hour" }, mode: "log" } } });
  // @ts-expect-error a mode of the policy that does not exist
  definePolicy({ mode: "log", rules: { a: { limits: { ip: "5 per hour" } } } });
  definePolicy({
    mode: process.env.NODE_ENV === "production" ? "shadow" : "enforce",
    rules: { a: { limits: { ip: "5 per hour" }, mode: "25%" } },
  });
  // @ts-expect-error an unknown algorithm
  definePolicy({ rules: { a: { limits: { ip: "5 per hour" }, algorithm: "leaky-bucket" } } });
  // @ts-expect-error a text that is no limit
  definePolicy({ rules: { a: { limits: { ip: "often" } } } });

  expect([rule, identity, noRule, noIdentity]).toEqual(["login", "account", "logout", "tenant"]);
});
