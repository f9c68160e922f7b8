import { describe, expect, test } from "vitest";
import type { Target } from "#lib/cli/control/target";
import { touchingLines } from "#lib/cli/control/touching";
import type { ControlEntry } from "#lib/control/types";
import { readNetwork } from "#lib/core/networks";
import { entry, network } from "../../../support/control-entries.ts";

const KEY = "5Zb0Qk1hV9sT2mXc7yLr4A";

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
