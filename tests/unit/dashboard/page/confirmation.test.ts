import { describe, expect, test } from "vitest";
import type { ChangeBody } from "#lib/dashboard/change-body";
import type { ControlEntry } from "#lib/dashboard/model";
import { confirmationOf, confirmationOfLift } from "#lib/dashboard/page/confirmation";
import { readLookedUp, type RuleFound } from "#lib/dashboard/page/complete";
import { bodyOf, EMPTY_DRAFT, limitsOf } from "#lib/dashboard/page/draft";
import { verdictOf } from "#lib/dashboard/page/verdict";
import { entriesAt, lookedUpAt } from "../../../support/dashboard-control.ts";
import { manyRules } from "../../../support/dashboard-fixture.ts";

const KEY = "dQw4w9WgXcQsea7fBz01kL";
const TERMS = { for: "1 hour", reason: "because" };

describe("confirmationOf", () => {
  test.each<readonly [ChangeBody, string, string]>([
    [
      { action: "block", client: "203.0.113.0/24", ...TERMS },
      "Block 203.0.113.0/24 for 1 hour?",
      "403",
    ],
    [{ action: "allow", client: KEY, ...TERMS }, `Allow ${KEY} for 1 hour?`, "not counted"],
    [
      { action: "override", rule: "search", to: "2x", ...TERMS },
      "Set search to 2x for 1 hour?",
      "It applies to every client",
    ],
    [
      {
        action: "override",
        rule: "search",
        limit: "search:ip:day",
        to: "9",
        client: KEY,
        ...TERMS,
      },
      "Set search:ip:day to 9 for 1 hour?",
      `It applies to ${KEY}`,
    ],
    [
      { action: "mode", mode: "off", ...TERMS },
      "Set the mode of everything to off for 1 hour?",
      "neither counted nor denied",
    ],
    [
      { action: "mode", mode: "shadow", rule: "search", ...TERMS },
      "Set the mode of search to shadow for 1 hour?",
      "none is denied",
    ],
    [{ action: "reset", client: KEY }, `Reset ${KEY}?`, "All counts of this client are deleted"],
  ])("confirmationOf describes the change %j", (body, title, words) => {
    const asked = confirmationOf(body);
    expect(asked.title).toBe(title);
    expect(asked.lines.join(" ")).toContain(words);
    expect(asked.lines.at(-1)).toContain("its second request made two seconds later");
    expect(asked.body).toBe(body);
  });

  test("a block that may include the admin's own address has a warning", () => {
    const own = "Requests of this page pass the gate too.";
    const block = (client: string) =>
      confirmationOf({ action: "block", client, ...TERMS }).lines.join();
    expect(block("203.0.113.7")).toContain(own);
    expect(block("2001:db8::/48")).toContain(own);
    expect(block(KEY)).not.toContain(own);
  });

  test("the confirmation of a lift names the entry as it is shown", () => {
    expect(entriesAt(0).map((entry) => confirmationOfLift(entry).title)).toEqual([
      "Lift “unreadable strange”?",
      "Lift “mode search: shadow”?",
      "Lift “blocked 203.0.113.0/24”?",
      "Lift “allowed aZ0-_1234567890abcdefg”?",
      `Lift “limit search: 2x for ${KEY}”?`,
      "Lift “limit webhooks:global:hour: 5000 for every client”?",
    ]);
    const [first] = entriesAt(0);
    expect(confirmationOfLift(first as ControlEntry).body).toEqual({
      action: "remove",
      id: "strange",
    });
  });
});

test("a form sends the fields of its action that are not empty", () => {
  const draft = { ...EMPTY_DRAFT, client: " 203.0.113.7 ", rule: "search", reason: "because" };
  expect(bodyOf(draft)).toEqual({ action: "block", client: "203.0.113.7", ...TERMS });
  expect(bodyOf({ ...draft, action: "override", to: "2x" })).toEqual({
    action: "override",
    rule: "search",
    to: "2x",
    client: "203.0.113.7",
    ...TERMS,
  });
  expect(bodyOf({ ...draft, action: "mode", rule: "" })).toEqual({
    action: "mode",
    mode: "shadow",
    ...TERMS,
  });
});

test("limits of several tiers are offered only once", () => {
  const names = ["artists:user|ip:minute", "artists:user|ip:hour"];
  expect(limitsOf(manyRules(2), "artists")).toEqual(names);
  expect(limitsOf(manyRules(2), "constructor")).toEqual([]);
});

describe("a client that is looked up", () => {
  const rules = readLookedUp(lookedUpAt(0))?.rules ?? [];

  test.each<readonly [Partial<RuleFound>, string]>([
    [{}, "denied, over search:user|ip:minute; capacity again in 37 s"],
    [
      { isAllowed: true, isShadow: true },
      "allowed in shadow, over search:user|ip:minute; capacity again in 37 s",
    ],
    [
      { retryAfterMs: null },
      "denied, over search:user|ip:minute; a request costs more than the limit",
    ],
    [{ reason: "within-limit", isAllowed: true }, "allowed"],
    [{ reason: "within-limit", isAllowed: true, isShadow: true }, "allowed, in shadow"],
    [
      { reason: "blocked", isAllowed: true, entry: "policy block 1" },
      "allowed in shadow, blocked by policy block 1",
    ],
    [{ reason: "blocked", entry: "network:203.0.113.0/24" }, "blocked by network:203.0.113.0/24"],
    [
      { reason: "allow-listed", isAllowed: true, entry: "policy allow 1" },
      "allowed without being counted by policy allow 1",
    ],
    [{ reason: "unlimited", isAllowed: true }, "allowed: no limit applies"],
    [{ reason: "switched-off", isAllowed: true }, "allowed: the mode is off"],
  ])("verdictOf describes %j as: %s", (changes, words) => {
    expect(verdictOf({ ...(rules[0] as RuleFound), ...changes })).toBe(words);
  });

  test("readLookedUp completes an answer of another version of the app", () => {
    expect(readLookedUp(undefined)).toBeUndefined();
    expect(readLookedUp({ inspection: { rules: [{ limits: [{ waitMs: null }] }] } })).toMatchObject(
      {
        key: "",
        listed: null,
        set: [],
        rules: [{ rule: "", isAllowed: true, limits: [{ name: "", used: 0, waitMs: null }] }],
      },
    );
  });
});
