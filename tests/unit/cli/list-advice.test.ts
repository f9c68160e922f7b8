import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listAdvice } from "#lib/cli/list-advice";
import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import { write } from "../../package/world.ts";
import { callCommand } from "../../support/call-command.ts";
import { scope } from "../../support/scope.ts";
import { cpuMs } from "../../support/cpu.ts";

const cleanUp = scope();

type Texts = readonly string[];

interface Lists {
  readonly allow?: Texts;
  readonly block?: Texts;
}

const listOf = (texts: Texts = []) => Object.fromEntries(texts.map((text) => [text, "a reason"]));

/** The advice on lists: the text of each up to the second colon. */
function advised(lists: Lists, env: Readonly<Record<string, string>> = {}, more: object = {}) {
  const policy = {
    identities: {
      user: async () => verified(),
      forged: ({ headers }: Request) => headers.get("x"),
    },
    conditions: { monitor: ({ headers }: Request) => headers.get("x") === process.env["KEY"] },
    ...more,
    allow: listOf(lists.allow),
    block: listOf(lists.block),
    rules: { search: { match: "/api/search", limits: { ip: "10 per minute" } } },
  } as unknown as AnyPolicy;
  return listAdvice(policy, compilePolicy(policy), env);
}

const verified = () => Promise.resolve("ada");

describe("an entry without effect", () => {
  test.each<[string, Lists, Texts]>([
    [
      "a user in both lists",
      { allow: ["user:ada"], block: ["user:ada"] },
      ["block user:ada: it has no effect, because allow names the same client."],
    ],
    [
      "a condition in both lists",
      { allow: ["monitor"], block: ["monitor"] },
      ["block monitor: it has no effect, because allow names the same client."],
    ],
    [
      "the same network in both lists",
      { allow: ["203.0.113.0/24"], block: ["203.0.113.0/24"] },
      ["block 203.0.113.0/24: it has no effect, because allow 203.0.113.0/24 contains it."],
    ],
    [
      "a blocked address in an allowed network",
      { allow: ["203.0.113.0/24"], block: ["203.0.113.7"] },
      ["block 203.0.113.7: it has no effect, because allow 203.0.113.0/24 contains it."],
    ],
    [
      "an address in a network of the same list",
      { block: ["203.0.113.7", "203.0.113.0/24"] },
      ["block 203.0.113.7: it has no effect, because block 203.0.113.0/24 contains it."],
    ],
    [
      "two spellings of one address",
      { block: ["203.0.113.7", "::ffff:203.0.113.7"] },
      ["block ::ffff:203.0.113.7: it has no effect, because block 203.0.113.7 contains it."],
    ],
    [
      "two addresses of one IPv6 client",
      { block: ["2001:db8::1", "2001:db8::2"] },
      ["block 2001:db8::2: it has no effect, because block 2001:db8::1 contains it."],
    ],
    [
      "an allowed address in a blocked network",
      { allow: ["203.0.113.7"], block: ["203.0.113.0/24"] },
      [],
    ],
    ["neighbours", { block: ["203.0.113.0/25", "203.0.113.128/25"] }, []],
    ["an IPv4 and an IPv6 network of the same bits", { block: ["32.1.0.0/16", "2001::/16"] }, []],
  ])("listAdvice finds entries without effect: %s", (_, lists, expected) => {
    expect(advised(lists)).toEqual(expected);
  });

  test("two addresses of one /64 are two clients when CLIENT_IPV6_PREFIX is 128", () => {
    const lists = { block: ["2001:db8::1", "2001:db8::2"] };
    expect(advised(lists, { CLIENT_IPV6_PREFIX: "128" })).toEqual([]);
  });

  test("listAdvice compares 10,000 networks in less than two seconds", () => {
    const block = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
    const startedAt = cpuMs();
    expect(advised({ block: [...block, "10.0.0.0/8"] })).toHaveLength(10_000);
    expect(cpuMs() - startedAt).toBeLessThan(2000);
  });
});

describe("a network that is allowed", () => {
  test.each([
    ["0.0.0.0/0", "it contains every address."],
    ["::/0", "it contains every address."],
    ["64.0.0.0/7", "it contains more addresses than any single owner has."],
    ["2000::/3", "it contains more addresses than any single owner has."],
    ["10.0.0.0/8", "these are private addresses."],
    ["192.168.1.7", "these are private addresses."],
    ["127.0.0.1", "these are private addresses."],
    ["fd00::/64", "these are private addresses."],
    ["2001:db8::7", "it allows all of 2001:db8::/64, which is one client."],
  ])("listAdvice reports that %s is allowed", (text, words) => {
    const [advice = "", ...others] = advised({ allow: [text] });
    expect(advice).toMatch(`allow ${text}: ${words}`);
    expect(others).toEqual([]);
  });

  test("listAdvice does not report an allowed network of the owner, or a blocked network", () => {
    expect(advised({ allow: ["198.51.100.0/24", "9.0.0.0/8", "2001:db8::/64"] })).toEqual([]);
    expect(advised({ block: ["0.0.0.0/0", "fd00::/64"] })).toEqual([]);
  });
});

describe("what a client can forge", () => {
  test("listAdvice reports identities and conditions that verify nothing", () => {
    const conditions = { bot: ({ headers }: Request) => headers.get("user-agent") === "bot" };
    const lists = { allow: ["forged:ada", "user:ada"], block: ["bot"] };
    expect(advised(lists, {}, { conditions })).toEqual([
      "allow forged:ada: forged is easily forged: it compares the request with no secret and verifies nothing, so any client can make itself allowed. Compare with a secret of the environment, or verify a signature (headgate/docs/concepts/clients.md#what-a-client-can-forge).",
      "block bot: bot is easily forged: it compares the request with no secret and verifies nothing, so a blocked client can avoid it. Compare with a secret of the environment, or verify a signature (headgate/docs/concepts/clients.md#what-a-client-can-forge).",
    ]);
    expect(advised({ allow: ["monitor", "user:ada"] })).toEqual([]);
  });

  test("listAdvice reports each identity once for each list, however many entries name it", () => {
    const allow = Array.from({ length: 1000 }, (_, i) => `forged:${i}x`);
    expect(advised({ allow, block: ["forged:ada"] })).toEqual([
      expect.stringMatching(/^allow forged:0x and 999 more: forged is easily forged: /),
      expect.stringMatching(/^block forged:ada: forged is easily forged: /),
    ]);
  });

  test.each([
    ["hops:1", /^allow 198\.51\.100\.7: addresses come from X-Forwarded-For \(CLIENT_IP_FROM\)/],
    ["header:x-real-ip", /^allow 198\.51\.100\.7: addresses come from a header \(CLIENT_IP_FROM\)/],
  ])("listAdvice reports addresses when CLIENT_IP_FROM is %s", (from, words) => {
    const lists = { allow: ["198.51.100.7"], block: ["203.0.113.7"] };
    const [advice, ...others] = advised(lists, { CLIENT_IP_FROM: from });
    expect(advice).toMatch(words);
    expect(others).toEqual([]);
    expect(advised({ allow: ["user:ada"] }, { CLIENT_IP_FROM: from })).toEqual([]);
  });

  test.each(["socket", "vercel", "cloudflare", "trusted:198.51.100.0/24"])(
    "listAdvice does not report addresses when CLIENT_IP_FROM is %s",
    (from) => {
      expect(advised({ allow: ["198.51.100.7"] }, { CLIENT_IP_FROM: from })).toEqual([]);
    },
  );
});

describe("headgate check", () => {
  const blocked = Array.from({ length: 25 }, (_, i) => `203.0.113.${i}`);
  const policy = {
    allow: { "198.51.100.0/24": "our office" },
    block: listOf(blocked),
    rules: { search: { match: "/api/search", limits: { ip: "10 per minute" } } },
  };
  const check = (...flags: readonly string[]) => {
    const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-lists-")), (it) =>
      rmSync(it, { recursive: true }),
    );
    write(folder, {
      "policy.mjs": `export default ${JSON.stringify(policy)};`,
      ".env.production": "CLIENT_IP_FROM=hops:1\n",
    });
    return callCommand(folder, { NODE_ENV: "test" }, "check", "policy.mjs", ...flags);
  };

  test("headgate check prints the lists with their reasons, and advice for the app's environment", async () => {
    const { stdout, status } = await check();
    const [first, lists = "", ...advice] = stdout.trim().split("\n\n");
    expect(first).toBe(
      "policy.mjs: 1 rule, 1 limit, 0 exempt paths, 1 allowed client, 25 blocked clients",
    );
    const lines = lists.split("\n");
    expect(lines).toHaveLength(22);
    expect(lines[0]).toBe("allow    198.51.100.0/24: our office");
    expect(lines[1]).toBe("block    203.0.113.0: a reason");
    expect(lines[21]).toBe("block    and 5 more (--json has all)");
    expect(advice).toEqual([
      expect.stringMatching(
        /^advice {3}allow 198\.51\.100\.0\/24: addresses come from X-Forwarded-For/,
      ),
    ]);
    expect(status).toBe(0);
  });

  test("headgate check --json has every entry", async () => {
    const { stdout } = await check("--json");
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      allow: [{ client: "198.51.100.0/24", reason: "our office" }],
      block: blocked.map((client) => ({ client, reason: "a reason" })),
      advice: [expect.stringContaining("CLIENT_IP_FROM")],
    });
  });
});
