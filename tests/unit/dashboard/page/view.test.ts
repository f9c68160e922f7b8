import { describe, expect, test } from "vitest";
import { noticesOf, spokenOf } from "#lib/dashboard/page/notices";
import { ageOf, EMPTY, withEvent } from "#lib/dashboard/page/view";
import { controlAt } from "../../../support/dashboard-control.ts";
import { historyAt, manyRules, snapshotAt } from "../../../support/dashboard-fixture.ts";

const NOW = Date.UTC(2026, 10, 29, 12, 34, 56);

describe("withEvent", () => {
  test("withEvent keeps every field of a snapshot", () => {
    const sent = snapshotAt(NOW);
    expect(withEvent(EMPTY, "snapshot", sent, 0).snapshot).toEqual(sent);
  });

  test.each([undefined, null, 7, "text", [1]])("withEvent ignores the snapshot %j", (data) => {
    expect(withEvent(EMPTY, "snapshot", data, 0)).toBe(EMPTY);
  });

  test("withEvent completes a snapshot whose fields are missing or of another type", () => {
    const { snapshot } = withEvent(
      EMPTY,
      "snapshot",
      {
        future: { a: 1 },
        sentAt: "soon",
        store: { state: "melting", breaker: 7 },
        rules: [
          { name: "search" },
          null,
          { name: "login", lastHour: { denied: 3 }, limits: "many" },
        ],
        denied: [{ rule: "search", clients: [{ key: "abc" }, 4] }],
        tools: { locks: { acquired: 2 } },
        minutes: [{ start: NOW, rules: { search: {} }, store: { p50Ms: 1.5 } }],
      },
      0,
    );
    expect(snapshot).toMatchObject({
      sentAt: 0,
      readAt: null,
      store: { state: "melting", breaker: "closed", mode: "enforce" },
      rules: [
        { name: "search", limits: [], lastHour: { allowed: 0 } },
        { name: "login", limits: [], lastHour: { allowed: 0, denied: 3 } },
      ],
      denied: [{ rule: "search", clients: [{ key: "abc", denied: 0 }] }],
      tools: { locks: { acquired: 2, lost: 0 }, dedup: { first: 0 } },
      minutes: [{ rules: { search: { denied: 0 } }, store: { calls: 0, p50Ms: 1.5, p95Ms: null } }],
    });
  });

  test("withEvent completes an empty history", () => {
    const { history } = withEvent(EMPTY, "history", { hour: { rules: { search: {} } } }, 0);
    expect(history?.hour).toMatchObject({ steps: 60, rules: { search: { denied: [] } } });
    expect(history?.day.steps).toBe(144);
  });

  test("withEvent merges the minutes of earlier snapshots into a later history", () => {
    const rules = manyRules(2);
    const late = { ...snapshotAt(NOW).minutes[0], rules: { search: { denied: 9_999 } } };
    const seen = withEvent(EMPTY, "snapshot", snapshotAt(NOW, { minutes: [late] as never }), 0);
    const { history } = withEvent(seen, "history", historyAt(NOW, rules), 0);
    expect(history?.hour.rules["search"]?.denied.at(-1)).toBe(9_999);
  });

  test("withEvent keeps entries as they were sent, and completes missing fields", () => {
    const sent = controlAt(NOW);
    expect(withEvent(EMPTY, "control", sent, 5).control).toEqual({ now: sent, receivedAt: 5 });
    const { control } = withEvent(EMPTY, "control", { entries: [{ id: "a" }, 7], admin: 1 }, 5);
    expect(control?.now).toMatchObject({
      entries: [{ id: "a", kind: "unreadable", reason: "" }],
      more: 0,
      isFollowed: true,
      admin: null,
    });
    expect(withEvent(EMPTY, "control", undefined, 5)).toBe(EMPTY);
  });

  test("withEvent ignores an unknown event", () => {
    expect(withEvent(EMPTY, "weather", {}, 0)).toBe(EMPTY);
  });
});

describe("ageOf", () => {
  test("ageOf adds the age at sending and the time since, each on one clock", () => {
    const view = withEvent(EMPTY, "snapshot", snapshotAt(NOW, { readAt: NOW - 400 }), 5_000);
    expect(ageOf(view, 7_100)).toBe(2_500);
  });

  test("ageOf returns undefined when the store was never read", () => {
    expect(ageOf(EMPTY, 5)).toBeUndefined();
    expect(ageOf(withEvent(EMPTY, "snapshot", snapshotAt(NOW, { readAt: null }), 0), 5)).toBe(
      undefined,
    );
  });
});

describe("notices", () => {
  const ok = snapshotAt(NOW).store;

  test("no notice is shown when there is no problem", () => {
    expect(noticesOf("live", snapshotAt(NOW))).toEqual([]);
  });

  test("the notice of a store that is down says what each rule does", () => {
    const store = { ...ok, state: "down", reason: "STORE_UNREACHABLE" } as const;
    const [notice] = noticesOf("live", snapshotAt(NOW, { store, rules: manyRules(3) }));
    expect(notice).toMatchObject({ tone: "bad", title: "The store does not answer." });
    expect(notice?.lines.slice(1)).toEqual([
      "allow: requests are allowed, uncounted (search).",
      "deny: requests are denied with 503 (artists).",
      "local: requests are counted in each instance separately (login).",
    ]);
  });

  test.each([
    ["failed-calls", "It answers, but some calls fail."],
    ["slow-calls", "It answers, but calls are slow."],
    ["constructor", "It answers, but constructor."],
  ])("the notice of a store that is degraded by %s says so", (reason, line) => {
    const store = { ...ok, state: "degraded", reason } as const;
    expect(noticesOf("live", snapshotAt(NOW, { store }))[0]?.lines).toEqual([line]);
  });

  test.each([
    [undefined, "HEADGATE_MODE is off."],
    [true, "The mode of all rules is set to off."],
  ])(
    "the notice of a gate that is off says what turned it off: isModeSet is %s",
    (isModeSet, words) => {
      const store = { ...ok, mode: "off", ...(isModeSet && { isModeSet }) } as const;
      expect(noticesOf("live", snapshotAt(NOW, { store }))[0]?.lines[0]).toContain(words);
    },
  );

  test("the notice of a lost connection comes before those of the last snapshot", () => {
    const snapshot = snapshotAt(NOW, { store: { ...ok, mode: "off" } });
    expect(noticesOf("lost", snapshot).map(({ title }) => title)).toEqual([
      "The app does not answer; trying again.",
      "The gate is off: nothing is denied.",
    ]);
  });

  test("a rule of another instance does not hide the notice that every rule is in shadow", () => {
    const rules = manyRules(8).map((rule) => (rule.isInPolicy ? { ...rule, enforced: 0 } : rule));
    expect(noticesOf("live", snapshotAt(NOW, { rules }))).toMatchObject([
      { title: "Every rule is in shadow: nothing is denied." },
    ]);
  });

  test("a screen reader gets notices and their end, and nothing before the first", () => {
    const down = noticesOf("lost");
    expect(spokenOf([], false)).toBe("");
    expect(spokenOf(down, false)).toBe("The app does not answer; trying again.");
    expect(spokenOf([], true)).toBe("All is well again.");
  });
});
