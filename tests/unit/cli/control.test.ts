import { afterEach, describe, expect, test, vi } from "vitest";
import { headgate } from "#lib/cli/commands";
import { limitEffects } from "#lib/cli/control/effect";
import { listingEffects } from "#lib/cli/control/preview";
import { ownAddressLines } from "#lib/cli/control/own-addresses";
import type { Target } from "#lib/cli/control/target";
import { touchingLines } from "#lib/cli/control/touching";
import { entryWords, removalCommand, renderChanges, renderEntries } from "#lib/cli/control/words";
import type { ControlChange, ControlEntry, ControlSetting } from "#lib/control/types";
import { readNetwork } from "#lib/core/networks";
import { compilePolicy } from "#lib/policy/check/compile";
import { definePolicy } from "#lib/policy/define";

afterEach(() => vi.restoreAllMocks());

const KEY = "5Zb0Qk1hV9sT2mXc7yLr4A";
const SET = ["--for", "1h", "--reason", "a flood"];

describe("control commands with wrong arguments", () => {
  test.each([
    [["block", ...SET], "No client is named"],
    [["block", "203.0.113.7", ...SET], 'Unexpected argument "203.0.113.7". Name a client by --ip'],
    [["block", "--ip", "203.0.113.7", "--user", "ada", ...SET], "several are named"],
    [["block", "--ip=203.0.113.7", "--ip=203.0.113.8", ...SET], "several are named"],
    [["allow", "--identity", "tenant=a", "--identity", "tenant=b", ...SET], "several are named"],
    [["allow", "--identity", "ada", ...SET], "--identity must be name=value"],
    [["block", "--ip", "203.0.113.7", "--reason", "x"], "--for is missing"],
    [["block", "--ip", "203.0.113.7", "--reason", "x", "--for", "2x"], ', but is "2x".'],
    [["block", "--ip", "203.0.113.7", "--reason", "x", "--for", "31d"], ', but is "31d".'],
    [["block", "--ip", "203.0.113.7", "--for", "1h"], "--reason is missing"],
    [
      ["block", "--ip", "203.0.113.7", "--for", "1h", "--reason", "a\nb"],
      "reason must be one line",
    ],
    [["block", "--ip", "203.0.113.7", ...SET, "--by", "a".repeat(101)], "by must be one line"],
    [["block", "list", "--for", "1h"], "--for is not an option of list"],
    [["block", "remove", "--ip", "203.0.113.7", "--wide"], "--wide is not an option of remove"],
    [["block", "remove"], "No client is named"],
    [["override", "--to", "2x", ...SET], "--rule is missing"],
    [["override", "--rule", "search", ...SET], "--to is missing"],
    [["override", "--rule", "search", "--to", "2 x", ...SET], "--to must be units"],
    [["mode", ...SET], "The mode is missing"],
    [["mode", "shaddow", ...SET], 'did you mean "shadow"'],
    [["mode", "off", "on", ...SET], 'Unexpected argument "on"'],
    [["control"], "The action must be list, log or remove"],
    [["control", "remove"], "The id of an entry is missing"],
    [["control", "list", "--last", "5"], "--last is not an option"],
    [["control", "log", "--yes"], "--yes is not an option"],
  ])("headgate %j ends with 2, the reason and the help", async (args, why) => {
    const out = vi.spyOn(console, "log").mockImplementation(() => {});
    const err = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await headgate([...args, "--json"])).toBe(2);
    const [[printed] = []] = err.mock.calls;
    expect(printed).toMatch(/^CLI_USAGE: /);
    expect(printed).toContain(why);
    expect(printed).toContain(`npx headgate ${args[0]}`);
    expect(out).not.toHaveBeenCalled();
  });
});

const UNTIL = Date.UTC(2026, 10, 29, 15, 20);

function entry(id: string, setting: ControlSetting, more: Partial<ControlEntry> = {}) {
  const about = { reason: "why", by: "bob", at: 0, until: UNTIL, endsInMs: 90_000 };
  return { id, ...setting, ...about, isUsable: true, ...more } as ControlEntry;
}

function network(kind: "allow" | "block", text: string): ControlEntry {
  return entry(`network:${text}`, { kind, client: { network: text } });
}

describe("entries and changes as text", () => {
  test("renderEntries marks an entry that no gate follows, and removes characters that move the cursor", () => {
    const foreign = { id: "x", kind: "unreadable", isUsable: false } as const;
    const about = { reason: "\u001b[2Jboo\u202e", by: "", at: 0, until: 0, endsInMs: 0 };
    const text = renderEntries([network("block", "203.0.113.0/24"), { ...foreign, ...about }]);
    expect(text).toMatch(/^block 203\.0\.113\.0\/24 {2,}1 minute 30 seconds /m);
    expect(text).toMatch(
      /^an entry that cannot be read \(not followed\) +unknown +unknown +x +\ufffd\[2Jboo\ufffd$/m,
    );
    expect(text).toMatch(/\n\nnot followed: the entry was made with another HEADGATE_SECRET/);
  });

  test("entryWords omits an end and an author that are not known", () => {
    const foreign = { id: "\u001b[2Jx", kind: "unreadable", isUsable: false } as const;
    const about = { reason: "", by: "", at: 0, until: 0, endsInMs: 0 };
    expect(entryWords({ ...foreign, ...about })).toBe("an entry that cannot be read (\ufffd[2Jx)");
    const alone = { ...network("block", "203.0.113.0/24"), by: "", reason: "" };
    expect(entryWords(alone)).toMatch(/^block 203\.0\.113\.0\/24 until [^,]+ \(network:[^)]+\)$/);
  });

  test("renderEntries and renderChanges have a line for an empty list", () => {
    expect([renderEntries([]), renderChanges([])]).toEqual([
      "nothing is set",
      "nothing was changed",
    ]);
  });

  test("renderChanges shows a change without a setting, such as a reset, by its id", () => {
    const change: ControlChange = {
      change: "1-0",
      at: UNTIL,
      action: "reset",
      id: "reset:1",
      setting: null,
      until: null,
      reason: "",
      by: "ada",
    };
    expect(renderChanges([change])).toMatch(/UTC|GMT|[A-Z]{3,4} {2}ada {2}reset {3}reset:1$/m);
  });

  test("removalCommand quotes an id with characters that a shell would interpret", () => {
    const command = (id: string) => removalCommand({ kind: "override", id });
    expect(command("override:search")).toBe("headgate override remove override:search");
    expect(command("override:search:user|ip:day")).toBe(
      "headgate override remove 'override:search:user|ip:day'",
    );
  });
});

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

/** The client or network of a change. */
function about(kind: "allow" | "block", name: string, address?: string): Target {
  const client = { words: name, names: [name], isBlock: name.includes("/") };
  const whole = { ...client, network: readNetwork(address ?? name) };
  return { kind, client: whole, rule: null, limit: null };
}

/** The line about each entry, by its id. */
function said(target: Target, ...entries: readonly ControlEntry[]): readonly string[] {
  return touchingLines(target, entries, "enforce").map((line) =>
    line.replace(/^.* \((.*?)\): /, "$1: "),
  );
}

describe("touchingLines", () => {
  const all = [
    network("allow", "203.0.113.0/24"),
    network("block", "203.0.113.128/25"),
    network("allow", "198.51.100.0/24"),
    network("block", "2001:db8::/32"),
    entry("client", { kind: "allow", client: { clientKey: KEY, identity: "user" } }),
    entry("raised", {
      kind: "override",
      rule: "search",
      limit: null,
      to: "2x",
      client: { clientKey: KEY, identity: "user" },
    }),
  ];

  test("touchingLines lists entries that allow all or some clients of a block", () => {
    expect(said(about("block", "203.0.113.0/25"), ...all)).toEqual([
      "network:203.0.113.0/24: it takes precedence over this, so nothing is blocked while it holds",
      "entries that allow single clients: 1; a client of the network that has one stays allowed",
    ]);
    expect(said(about("block", "203.0.112.0/20"), ...all).slice(0, 2)).toEqual([
      "network:203.0.113.0/24: it takes precedence over this, so those clients stay allowed",
      "network:203.0.113.128/25: it blocks them too",
    ]);
    expect(said(about("block", "KEY", "203.0.113.200"), ...all)).toHaveLength(2);
  });

  test("touchingLines lists blocks of an allowed client, and overrides without effect", () => {
    expect(said(about("allow", "203.0.113.192/26"), ...all)).toEqual([
      "network:203.0.113.0/24: it allows them too",
      "network:203.0.113.128/25: this takes precedence over it",
    ]);
    expect(said(about("allow", KEY, "none"), ...all)).toEqual([
      "raised: it has no effect while this holds",
    ]);
  });

  test("touchingLines lists other overrides of a rule, and lists that contain the client", () => {
    const client = { words: "ada", names: [KEY], isBlock: false, network: undefined };
    const target: Target = { kind: "override", client, rule: "search", limit: "search:ip:minute" };
    expect(said(target, ...all)).toEqual([
      "client: the client is not counted while it holds",
      "raised: of several, the one nearest to a client holds",
    ]);
    expect(said({ ...target, rule: "login" }, ...all)).toHaveLength(1);
  });

  test("touchingLines lists the mode of all rules and HEADGATE_MODE, and no entry that cannot be read", () => {
    const target = about("block", "203.0.113.0/25");
    const off = entry("mode", { kind: "mode", mode: "off", rule: null });
    expect(said(target, off)).toEqual(["mode: nothing is counted, denied or blocked meanwhile"]);
    expect(touchingLines(target, [], "shadow")).toEqual([
      "HEADGATE_MODE is shadow here: the block is reported and not enforced meanwhile",
    ]);
    const rule: Target = { kind: "mode", client: null, rule: "search", limit: null };
    expect(said(rule, off)).toEqual(["mode: it holds for every rule"]);
    const [whole] = all;
    expect(said(target, { ...(whole as ControlEntry), isUsable: false })).toEqual([]);
  });

  test("touchingLines lists ten of many entries, and the number of the others", () => {
    const many = Array.from({ length: 25 }, (_, i) => network("block", `203.0.113.${i}/32`));
    const lines = said(about("block", "203.0.113.0/24"), ...many);
    expect([lines.length, lines.at(-1)]).toEqual([11, "15 more entries: headgate control list"]);
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
  const target: Target = { kind: "override", client: null, rule: "pages", limit: null };
  expect(limitEffects(policy, target, "2x")).toEqual([
    "pages:ip:minute: 10 per minute becomes 20 per minute",
    "pages:prefetch:ip:minute: 50 per minute becomes 100 per minute",
  ]);
  expect(limitEffects(policy, target, 12)).toEqual([
    "pages:ip:minute: 10 per minute becomes 12 per minute",
  ]);
  const { client } = about("allow", KEY, "none");
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
