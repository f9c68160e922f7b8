import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { describe, expect, test } from "vitest";
import { decided, limitOf, telemetry, TIMEOUT, timesOf } from "../../../support/telemetry.ts";

describe("decisions", () => {
  test("a decision is counted once for each rule that made it", async () => {
    const { hear, points } = telemetry();
    const shadow = (allowed: boolean) => ({ rule: "new", allowed, limits: [] });
    hear(
      decided({}),
      decided({
        allowed: false,
        reason: "over-limit",
        limits: [limitOf("api", 0), limitOf("search", 9)],
      }),
      decided({ reason: "store-failed", limits: [], error: TIMEOUT }),
      decided({ counted: "in-process", limits: [limitOf("api", 0)] }, { rules: ["api"] }),
      decided(
        { allowed: false, reason: "over-limit", limits: [limitOf("api", 9)] },
        { rules: ["api"], mode: "shadow" },
      ),
      decided({ shadows: [shadow(false)] }, { rules: ["api", "new"] }),
      decided({ shadows: [shadow(true)] }, { rules: ["api", "new"] }),
      decided({ allowed: false, reason: "body-too-large", limits: [] }, { rules: ["api"] }),
      decided({ allowed: false, reason: "body-too-large", limits: [] }, { rules: [] }),
      decided({ allowed: false, reason: "blocked", limits: [] }),
      decided({ allowed: false, reason: "blocked", limits: [] }, { rules: [] }),
      decided({ allowed: false, reason: "blocked", limits: [] }, { rules: [], mode: "shadow" }),
      decided({ reason: "allow-listed", limits: [], counted: "nowhere" }, { rules: ["api"] }),
      decided({ reason: "unlimited", limits: [], counted: "nowhere" }, { rules: ["api"] }),
    );
    const row = (
      rule: string,
      outcome: string,
      reason: string,
      value: number,
      mode = "enforce",
    ) => ({
      "headgate.rule": rule,
      "headgate.outcome": outcome,
      "headgate.reason": reason,
      "headgate.mode": mode,
      value,
    });
    expect((await points())["headgate.decisions"]).toEqual([
      row("api", "allowed", "within-limit", 3),
      row("search", "allowed", "within-limit", 1),
      row("search", "denied", "over-limit", 1),
      row("api", "degraded", "store-failed", 1),
      row("search", "degraded", "store-failed", 1),
      row("api", "degraded", "within-limit", 1),
      row("api", "shadow_denied", "over-limit", 1, "shadow"),
      row("new", "shadow_denied", "over-limit", 1),
      row("new", "allowed", "within-limit", 1),
      row("api", "denied", "body-too-large", 1),
      row("(none)", "denied", "body-too-large", 1),
      row("api", "blocked", "blocked", 1),
      row("search", "blocked", "blocked", 1),
      row("(none)", "blocked", "blocked", 1),
      row("(none)", "shadow_denied", "blocked", 1, "shadow"),
      row("api", "uncounted", "allow-listed", 1),
      row("api", "uncounted", "unlimited", 1),
    ]);
  });

  test("a decision makes one span with its duration and why it was denied", async () => {
    const { hear, spans, points } = telemetry();
    hear(
      decided(
        { allowed: false, reason: "over-limit", limits: [limitOf("api", 0), limitOf("search", 9)] },
        { method: "BREW" },
      ),
    );
    const [span] = spans();
    expect(spans()).toHaveLength(1);
    expect(span).toMatchObject({
      name: "headgate.decision",
      kind: 0,
      status: { code: 0 },
      attributes: {
        "headgate.rules": ["api", "search"],
        "headgate.outcome": "denied",
        "headgate.reason": "over-limit",
        "headgate.mode": "enforce",
        "headgate.denied_by": ["search-ip"],
        "http.request.method": "_OTHER",
      },
    });
    expect(timesOf(span as ReadableSpan)).toEqual([1_789_999_999_996, 1_790_000_000_000]);
    expect((await points())["headgate.decision.duration"]).toEqual([
      { "headgate.outcome": "denied", "headgate.mode": "enforce", value: [1, 0.004] },
    ]);
  });

  test("a decision after a store failure makes a span with an error", () => {
    const { hear, spans } = telemetry();
    hear(decided({ reason: "store-failed", limits: [], error: TIMEOUT }, { method: undefined }));
    expect(spans()[0]).toMatchObject({
      status: { code: 2 },
      attributes: { "headgate.outcome": "degraded", "error.type": "STORE_TIMEOUT" },
    });
    expect(spans()[0]?.attributes).not.toHaveProperty("http.request.method");
  });
});
