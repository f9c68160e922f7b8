import { expect, test } from "vitest";
import type { HeadgateEvent } from "#lib/observe/events";
import { logFailures } from "#lib/observe/log";
import { StoreError } from "#lib/redis/errors";

const failed = {
  kind: "decision",
  rules: ["api"],
  onStoreFailure: "local",
  addressKnown: true,
  tookMs: 3.4,
  decision: {
    allowed: true,
    reason: "store-failed",
    limits: [],
    shadows: [],
    retryAfterMs: undefined,
    at: undefined,
    error: new StoreError("STORE_TIMEOUT", "EVALSHA: no answer"),
  },
} satisfies HeadgateEvent;

test("a failed store is one line that names rule, outcome and code, and that local allows", () => {
  const lines: string[] = [];
  logFailures((line) => lines.push(line))(failed);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      source: "headgate",
      level: "warn",
      event: "store-failed",
      rules: ["api"],
      onStoreFailure: "local",
      outcome: "allowed",
      note: '"local" counts nothing yet and allows',
      error: { code: "STORE_TIMEOUT", message: "EVALSHA: no answer" },
      tookMs: 3,
    },
  ]);
});

test("a rule in shadow that would have refused is a line; one that had room is none", () => {
  const lines: string[] = [];
  const listen = logFailures((line) => lines.push(line));
  const decided = (allowed: boolean): HeadgateEvent => ({
    ...failed,
    decision: {
      ...failed.decision,
      reason: "within-limit",
      shadows: [{ rule: "trial", allowed, limits: [] }],
    },
  });
  listen(decided(true));
  expect(lines).toEqual([]);
  listen(decided(false));
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { source: "headgate", level: "warn", event: "shadow-denied", rules: ["trial"] },
  ]);
});

test("what went well is not logged, and a stranger's message neither", () => {
  const lines: string[] = [];
  const listen = logFailures((line) => lines.push(line));
  listen({ ...failed, decision: { ...failed.decision, reason: "within-limit" } });
  expect(lines).toEqual([]);
  listen({ kind: "failure", what: "identity user", error: new TypeError("ada@example.com") });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("TypeError");
  expect(lines[0]).not.toContain("ada@example.com");
});

test("beyond ten lines a second they are counted instead", () => {
  const lines: string[] = [];
  let now = 0;
  const listen = logFailures(
    (line) => lines.push(line),
    () => now,
  );
  for (let i = 0; i < 1000; i += 1) listen(failed);
  expect(lines).toHaveLength(10);
  now = 1000;
  listen(failed);
  expect(lines).toHaveLength(12);
  expect(lines[10]).toContain('"lines":990');
});

test("lines of one kind keep none of another from being written", () => {
  const lines: string[] = [];
  const listen = logFailures(
    (line) => lines.push(line),
    () => 0,
  );
  const shadows = [{ rule: "trial", allowed: false, limits: [] }];
  const refusing = { ...failed.decision, reason: "within-limit" as const, shadows };
  for (let i = 0; i < 100; i += 1) listen({ ...failed, decision: refusing });
  listen(failed);
  expect(lines).toHaveLength(11);
  expect(lines[10]).toContain('"event":"store-failed"');
});
