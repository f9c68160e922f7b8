import { describe, expect, test } from "vitest";
import { limitEffects } from "#lib/cli/control/effect";
import { ownAddressLines } from "#lib/cli/control/own-addresses";
import { listingEffects } from "#lib/cli/control/preview";
import { readNetwork } from "#lib/core/networks";
import { compilePolicy } from "#lib/policy/check/compile";
import { definePolicy } from "#lib/policy/define";

const KEY = "5Zb0Qk1hV9sT2mXc7yLr4A";

describe("listingEffects", () => {
  const policy = { identities: { user: () => "ada", account: "from-code" } } as const;
  const everywhere = "requests get 403, on every path that the gate sees";

  test.each([
    ["an address", { ip: "203.0.113.7" }, [everywhere]],
    ["an identity that requests carry", { identity: "user", value: "ada" }, [everywhere]],
    [
      "an identity from code",
      { identity: "account", value: "ada" },
      ["calls of limits.limit that name account are denied; no request carries it"],
    ],
    [
      "a client key",
      { key: KEY },
      [everywhere, "unless the key is of an address, only on paths where a limit counts by it"],
    ],
  ])("listingEffects says where the block of %s takes effect", (_, client, said) => {
    expect(listingEffects(policy, { kind: "block", client })).toEqual(said);
  });

  test("listingEffects says what allowing an identity from code does", () => {
    const client = { identity: "account", value: "ada" };
    expect(listingEffects(policy, { kind: "allow", client })).toEqual([
      "calls of limits.limit that name account are allowed without being counted; no request carries it",
    ]);
  });
});

test("limitEffects shows the new value of each limit, tier and prefetch limit", () => {
  const policy = compilePolicy(
    definePolicy({
      identities: { plan: "from-code", user: "from-code" },
      rules: {
        pages: { match: "/shop", limits: { ip: "10 per minute" }, prefetch: { times: 5 } },
        plans: {
          tiers: {
            plan: {
              free: { user: "2 per day", global: "100 per day" },
              pro: { user: "20 per day" },
            },
          },
        },
      },
    }),
  );
  const target = { kind: "override", client: null, rule: "pages", limit: null } as const;
  expect(limitEffects(policy, target, "2x")).toEqual([
    "pages:ip:minute: 10 per minute becomes 20 per minute",
    "pages:prefetch:ip:minute: 50 per minute becomes 100 per minute",
  ]);
  expect(limitEffects(policy, target, 12)).toEqual([
    "pages:ip:minute: 10 per minute becomes 12 per minute",
  ]);
  const client = { words: KEY, names: [KEY], isBlock: false, network: undefined };
  expect(limitEffects(policy, { ...target, rule: "plans", client }, "unlimited")).toEqual([
    "plans:user:day (free): 2 per day becomes unlimited",
    "plans:global:day (free) counts all clients together, and does not change",
    "plans:user:day (pro): 20 per day becomes unlimited",
  ]);
});

test("ownAddressLines lists addresses of the current person that are in the network", () => {
  const block = readNetwork("10.0.0.0/8");
  const own = [
    { address: "10.1.2.3", what: "an address of this machine" },
    { address: "::ffff:10.9.9.9", what: "the address of your SSH connection" },
    { address: "192.0.2.1", what: "an address of this machine" },
  ];
  expect(block && ownAddressLines(block, own)).toEqual([
    "10.1.2.3 is an address of this machine: it is blocked too",
    "::ffff:10.9.9.9 is the address of your SSH connection: it is blocked too",
  ]);
});
