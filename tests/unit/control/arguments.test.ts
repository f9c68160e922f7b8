import { describe, expect, test } from "vitest";
import { type Control, createControl } from "#lib/control";
import { controlledGate } from "../../support/controlled.ts";

/** Invalid arguments are rejected before the store is called, so these tests need no store. */
const NO_STORE = { url: "http://127.0.0.1:9", token: "a-token-of-the-tests" };

const TERMS = { for: "2h", reason: "a flood", by: "ada" };

const ok = { for: "1 second", reason: "r".repeat(200), by: "b".repeat(100) };

type Call = (control: Control) => Promise<unknown>;

const block =
  (client: unknown, terms: unknown = TERMS): Call =>
  (control) =>
    control.block(client as { ip: string }, terms as typeof TERMS);

const override =
  (options: object, terms: unknown = TERMS): Call =>
  (control) =>
    control.override(options as { rule: string; to: 1 }, terms as typeof TERMS);

const mode =
  (given: string, more: object = {}): Call =>
  (control) =>
    control.mode(given as "off", { ...TERMS, ...more });

const REFUSED: readonly (readonly [string, Call, string])[] = [
  ["no client", block({}), "one of ip, identity with value, and key"],
  ["no object", block(null), "one of ip, identity with value, and key"],
  ["two clients", block({ ip: "192.0.2.1", key: "a".repeat(22) }), "one of ip, identity"],
  ["a value alone", block({ ip: "192.0.2.1", value: "ada" }), "one of ip, identity"],
  [
    "an unknown address",
    block({ ip: "unknown" }),
    'ip must be an address such as "203.0.113.7", or',
  ],
  ["an address of three parts", block({ ip: "192.0.2" }), "or a CIDR block such as"],
  ["a CIDR block with host bits", block({ ip: "203.0.113.7/24" }), '"203.0.113.0/24"'],
  ["an IPv6 block with host bits", block({ ip: "2001:db8::7/32" }), '"2001:db8::/32"'],
  ["a mapped block with host bits", block({ ip: "::ffff:203.0.113.7/120" }), '"203.0.113.0/24"'],
  ["too many bits", block({ ip: "203.0.113.0/33" }), "or a CIDR block such as"],
  [
    "less than a client of IPv6",
    block({ ip: "2001:db8::/80" }),
    'ip must be "2001:db8::/64", since',
  ],
  ["an identity that is not there", block({ identity: "usr", value: "a" }), 'did you mean "user"?'],
  ["all clients together", block({ identity: "global", value: "" }), "ip, user, account"],
  ["an empty value", block({ identity: "user", value: "" }), "text of 1 to 1024 characters"],
  [
    "a block of an identity",
    block({ identity: "ip", value: "192.0.2.0/24" }),
    "an address such as",
  ],
  ["a short key", block({ key: "short" }), "the 22 characters of a client key"],
  ["no terms", block({ ip: "192.0.2.0/24" }, {}), "but is undefined."],
  ["no time", block({ ip: "192.0.2.0/24" }, { ...ok, for: 999 }), "from 1 second to 30 days"],
  [
    "too long",
    block({ ip: "192.0.2.0/24" }, { ...ok, for: "31 days" }),
    "from 1 second to 30 days",
  ],
  [
    "part of a millisecond",
    block({ ip: "192.0.2.0/24" }, { ...ok, for: 1000.5 }),
    "but is 1000.5.",
  ],
  ["no reason", block({ ip: "192.0.2.0/24" }, { ...ok, reason: " " }), "one line of 1 to 200"],
  [
    "a long reason",
    block({ ip: "192.0.2.0/24" }, { ...ok, reason: `${ok.reason}r` }),
    "reason must be one line",
  ],
  ["two lines", block({ ip: "192.0.2.0/24" }, { ...ok, by: "a\nb" }), "one line of 1 to 100"],
  [
    "text turned around",
    block({ ip: "192.0.2.0/24" }, { ...ok, by: "a\u202Eb" }),
    "by must be one line",
  ],
  [
    "half a character",
    block({ ip: "192.0.2.0/24" }, { ...ok, by: "\uD800" }),
    "by must be one line",
  ],
  [
    "an unknown limit",
    override({ rule: "login", to: "2x", limit: "login:ip:minutes" }),
    'did you mean "login:ip:minute"?',
  ],
  [
    "a limit of another rule",
    override({ rule: "login", to: 9, limit: "api:ip:hour" }),
    "a limit of login",
  ],
  [
    "a number for two limits",
    override({ rule: "login", to: 9 }),
    "login:ip:minute, login:account:day",
  ],
  [
    "less than the cost",
    override({ rule: "login", to: 1, limit: "login:ip:minute" }),
    "from the 2 that a request costs",
  ],
  [
    "more than can be counted",
    override({ rule: "api", to: 2 ** 50 }),
    "that can be counted in this window",
  ],
  ["no number", override({ rule: "api", to: Number.NaN }), "but is NaN."],
  ["zero times", override({ rule: "api", to: "0x" }), 'a factor such as "2x"'],
  ["a factor without x", override({ rule: "api", to: "2" }), 'a factor such as "2x"'],
  [
    "an override of a network",
    override({ rule: "api", to: "2x", client: { ip: "192.0.2.0/24" } }),
    "ip must be an address",
  ],
  ["an unknown mode", mode("of"), 'did you mean "off"?'],
  ["no id", (control) => control.remove("", { by: "ada" }), "the id of an entry"],
  ["an empty name", (control) => control.remove("mode", { by: "" }), "by must be one line"],
  ["too much of the log", (control) => control.log(1001), "a whole number from 1 to 1000"],
];

describe("invalid control arguments", () => {
  test.each(REFUSED)(
    "control rejects %s and names the allowed values",
    async (_, call, message) => {
      await expect(call(createControl(controlledGate(NO_STORE)))).rejects.toMatchObject({
        code: "CONTROL_BAD_ARGUMENT",
        message: expect.stringContaining(message) as string,
      });
    },
  );

  test.each([
    ["an override", override({ rule: "serch", to: "2x" })],
    ["a mode", mode("off", { rule: "serch" })],
  ])("control rejects %s of an unknown rule and suggests the closest one", async (_, call) => {
    await expect(call(createControl(controlledGate(NO_STORE)))).rejects.toMatchObject({
      code: "LIMIT_UNKNOWN_RULE",
      message: expect.stringContaining('did you mean "search"?') as string,
    });
  });

  test("control rejects the key that means all clients together", async () => {
    const gate = controlledGate(NO_STORE, {
      previousSecret: "an old secret of the tests, long enough",
    });
    const old = controlledGate(NO_STORE, { secret: "an old secret of the tests, long enough" });
    for (const { keyedHash } of [gate, old]) {
      const call = createControl(gate).block({ key: keyedHash("global", "") }, TERMS);
      await expect(call).rejects.toMatchObject({ code: "CONTROL_BAD_ARGUMENT" });
    }
  });

  test("only an entry for one client needs a secret that is set", async () => {
    const control = createControl(controlledGate(NO_STORE, { isSecretSet: false }));
    const client = { ip: "192.0.2.1" };
    const needing = [
      control.block(client, TERMS),
      control.allow({ identity: "user", value: "ada" }, TERMS),
      control.block({ key: "a".repeat(22) }, TERMS),
      control.override({ rule: "search", to: 9, client }, TERMS),
    ];
    for (const result of await Promise.allSettled(needing)) {
      expect(result).toMatchObject({ reason: { code: "CONTROL_NEEDS_SECRET" } });
    }
    const others: readonly Call[] = [
      block({ ip: "192.0.2.0/24" }, ok),
      override({ rule: "search", to: 9 }, { ...ok, for: "30 days" }),
      mode("off", { ...ok, for: 1000 }),
    ];
    for (const call of others) {
      const asked = call(createControl(controlledGate(NO_STORE, { isSecretSet: false })));
      await expect(asked).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
    }
  });
});
