import { expect, test } from "vitest";
import {
  defineIdentities,
  definePolicy,
  type IdentityName,
  type RuleName,
} from "#lib/policy/define";

// The compiler is what is tested here: `npm run check` fails when a line that must not compile does.
test("wrong names do not compile, and right ones do", () => {
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
  // @ts-expect-error a text that is no limit
  definePolicy({ rules: { a: { limits: { ip: "often" } } } });

  expect([rule, identity, noRule, noIdentity]).toEqual(["login", "account", "logout", "tenant"]);
});
