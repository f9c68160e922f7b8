import { expect, test } from "vitest";
import { HeadgateError } from "#lib/core/errors";
import type { HeadgateEvent } from "#lib/observe/events";
import { logEvents } from "#lib/observe/log";
import { FAILED, PASSED } from "../../support/log-events.ts";

test("a failed store is one line that names rule, outcome and code", () => {
  const lines: string[] = [];
  logEvents((line) => lines.push(line))(FAILED);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      source: "headgate",
      level: "warn",
      event: "store-failed",
      rules: ["api"],
      onStoreFailure: "local",
      outcome: "allowed",
      error: { code: "STORE_TIMEOUT", message: "EVALSHA: no answer" },
      tookMs: 3,
    },
  ]);
});

test("an allowed request has no line, and its client keys are not computed", () => {
  const lines: string[] = [];
  let asked = 0;
  const clients = () => {
    asked += 1;
    return {};
  };
  logEvents((line) => lines.push(line))({ ...FAILED, decision: PASSED, clients });
  expect([lines, asked]).toEqual([[], 0]);
});

test("a body that is too large makes a denied line with the reason and the bound", () => {
  const lines: string[] = [];
  const decision = {
    ...PASSED,
    allowed: false,
    reason: "body-too-large",
    counted: "nowhere",
    maxBody: 1024,
  } as const;
  logEvents((line) => lines.push(line))({ ...FAILED, requestId: "a-name", decision });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      source: "headgate",
      level: "info",
      event: "denied",
      rules: ["api"],
      limits: [],
      method: "GET",
      patterns: ["/api/:path*"],
      reason: "body-too-large",
      maxBody: 1024,
      requestId: "a-name",
    },
  ]);
});

test.each(["info", "warn"] as const)(
  "a doubt about the counted client makes one line, at level %s",
  (level) => {
    const lines: string[] = [];
    const doubt = {
      code: "CLIENT_ADDRESS_MORE_HOPS",
      level,
      message: "A request carried more.",
    } as const;
    logEvents((line) => lines.push(line))({ kind: "address", ...doubt });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { source: "headgate", event: "address", ...doubt },
    ]);
  },
);

test("the line of local counting says so, and names the request and the mode", () => {
  const lines: string[] = [];
  const decision = { ...FAILED.decision, reason: "over-limit", counted: "in-process" } as const;
  logEvents((line) => lines.push(line))({
    ...FAILED,
    mode: "shadow",
    requestId: "a-name",
    decision: { ...decision, allowed: false },
  });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    event: "store-failed",
    outcome: "denied",
    counted: "in-process",
    mode: "shadow",
    requestId: "a-name",
  });
});

test("a denial is one line that says why, and names the client by its key alone", () => {
  const lines: string[] = [];
  const limit = { policyName: "api", global: false, limit: 5, windowMs: 1000, resetMs: 1 };
  logEvents((line) => lines.push(line))({
    ...FAILED,
    rules: ["api", "search"],
    clients: () => ({ api: "key-of-api", "search:ip:minute": "key-of-search" }),
    requestId: "a-name",
    decision: {
      ...PASSED,
      allowed: false,
      reason: "over-limit",
      retryAfterMs: 700,
      limits: [
        { ...limit, rule: "api", remaining: 3, waitMs: 0 },
        { ...limit, rule: "search", policyName: "search:ip:minute", remaining: 0, waitMs: 700 },
      ],
    },
  });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      source: "headgate",
      level: "info",
      event: "denied",
      rules: ["search"],
      limits: ["search:ip:minute"],
      clients: ["key-of-search"],
      method: "GET",
      patterns: ["/api/search"],
      retryAfterMs: 700,
      requestId: "a-name",
    },
  ]);
});

test("a breaker that opens or closes makes one line", () => {
  const lines: string[] = [];
  const error = FAILED.decision.error;
  logEvents((line) => lines.push(line))({ kind: "breaker", state: "open", error });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    event: "breaker",
    state: "open",
    error: { code: "STORE_TIMEOUT" },
  });
});

test("a rule in shadow makes a line when it would have denied a request, and none with capacity", () => {
  const lines: string[] = [];
  const listen = logEvents((line) => lines.push(line));
  const decided = (allowed: boolean): HeadgateEvent => ({
    ...FAILED,
    requestId: "a-name",
    decision: {
      ...PASSED,
      shadows: [{ rule: "trial", allowed, limits: [] }],
    },
  });
  listen(decided(true));
  expect(lines).toEqual([]);
  listen(decided(false));
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      source: "headgate",
      level: "warn",
      event: "shadow-denied",
      rules: ["trial"],
      limits: [],
      method: "GET",
      patterns: [],
      requestId: "a-name",
    },
  ]);
});

test.each<[HeadgateEvent, object | undefined]>([
  [{ kind: "lock", state: "acquired", waitedMs: 3 }, undefined],
  [{ kind: "lock", state: "contended", waitedMs: 3 }, undefined],
  [{ kind: "lock", state: "released", heldMs: 3 }, undefined],
  [
    { kind: "lock", state: "lost", heldMs: 3, error: new HeadgateError("LOCK_LOST", "why") },
    { event: "lock-lost", error: { code: "LOCK_LOST", message: "why" } },
  ],
  [{ kind: "dedup", state: "first", isCertain: true }, undefined],
  [{ kind: "store", command: "EVALSHA", commands: 1, tookMs: 2 }, undefined],
  [
    { kind: "near-limit", rule: "api", policyName: "api:ip:minute", limit: 10, remaining: 2 },
    undefined,
  ],
  [
    { kind: "dedup", state: "lost", error: new HeadgateError("DEDUP_CLAIM_LOST", "why") },
    { event: "dedup-lost", error: { code: "DEDUP_CLAIM_LOST", message: "why" } },
  ],
  [{ kind: "idempotency", state: "conflict", reason: "in-progress" }, undefined],
])("only lost locks and lost claims are logged among tool events: %o", (event, line) => {
  const lines: string[] = [];
  logEvents((text) => lines.push(text))(event);
  const expected = line ? [{ source: "headgate", level: "warn", ...line }] : [];
  expect(lines.map((text) => JSON.parse(text) as unknown)).toEqual(expected);
});

test("successes are not logged, nor messages of errors that are not Headgate's", () => {
  const lines: string[] = [];
  const listen = logEvents((line) => lines.push(line));
  listen({ ...FAILED, decision: PASSED });
  expect(lines).toEqual([]);
  listen({
    kind: "failure",
    during: "identity",
    name: "user",
    error: new TypeError("ada@example.com"),
  });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      source: "headgate",
      level: "warn",
      event: "failure",
      during: "identity",
      name: "user",
      error: { name: "TypeError" },
    },
  ]);
});
