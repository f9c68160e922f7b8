import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import {
  type AddressEvent,
  type BreakerEvent,
  type DecisionEvent,
  type DedupEvent,
  emitTo,
  type FailureCode,
  type FailureEvent,
  type HeadgateEvent,
  type IdempotencyEvent,
  type LockEvent,
  type NearLimitEvent,
  type StoreEvent,
} from "#lib/core/events";
import { toEach } from "#lib/observe/events";
import type { LineKind } from "#lib/observe/log";
import { ROOT } from "../../support/app.ts";

/**
 * The fields of each event. The compiler compares them with the types, and the tests below compare the page
 * with them.
 */
const FIELDS = {
  decision: {
    kind: true,
    rules: true,
    decision: true,
    method: true,
    patterns: true,
    onStoreFailure: true,
    addressKnown: true,
    clients: true,
    mode: true,
    requestId: true,
    decidedAt: true,
    tookMs: true,
  } satisfies Record<keyof DecisionEvent, true>,
  "near-limit": {
    kind: true,
    rule: true,
    policyName: true,
    limit: true,
    remaining: true,
  } satisfies Record<keyof NearLimitEvent, true>,
  store: { kind: true, command: true, commands: true, tookMs: true, error: true } satisfies Record<
    keyof StoreEvent,
    true
  >,
  breaker: { kind: true, state: true, error: true } satisfies Record<keyof BreakerEvent, true>,
  address: { kind: true, code: true, level: true, message: true } satisfies Record<
    keyof AddressEvent,
    true
  >,
  failure: { kind: true, during: true, name: true, error: true } satisfies Record<
    keyof FailureEvent,
    true
  >,
  lock: { kind: true, state: true, waitedMs: true, heldMs: true, error: true } satisfies Record<
    keyof LockEvent,
    true
  >,
  dedup: { kind: true, state: true, isCertain: true, error: true } satisfies Record<
    keyof DedupEvent,
    true
  >,
  idempotency: { kind: true, state: true, reason: true } satisfies Record<
    keyof IdempotencyEvent,
    true
  >,
} satisfies Record<HeadgateEvent["kind"], object>;

/** The values of `state`, `during` and `reason`, compared in the same way. */
const VALUES: Readonly<Partial<Record<HeadgateEvent["kind"], object>>> = {
  breaker: { open: true, closed: true } satisfies Record<BreakerEvent["state"], true>,
  failure: {
    identity: true,
    "denied-hook": true,
    report: true,
    "lock-acquire": true,
    "lock-renew": true,
    "lock-release": true,
    "flight-keep": true,
    "dedup-claim": true,
    "dedup-commit": true,
    "dedup-release": true,
    "dedup-read": true,
    "idempotency-keep": true,
    control: true,
    app: true,
  } satisfies Record<FailureCode, true>,
  lock: { acquired: true, contended: true, lost: true, released: true } satisfies Record<
    LockEvent["state"],
    true
  >,
  dedup: {
    first: true,
    duplicate: true,
    "in-progress": true,
    "other-payload": true,
    lost: true,
  } satisfies Record<DedupEvent["state"], true>,
  idempotency: {
    ran: true,
    replayed: true,
    conflict: true,
    "in-progress": true,
    "other-request": true,
    "answer-not-kept": true,
  } satisfies Record<IdempotencyEvent["state"] | NonNullable<IdempotencyEvent["reason"]>, true>,
};

const LINES = {
  failure: true,
  address: true,
  breaker: true,
  "store-failed": true,
  denied: true,
  "shadow-denied": true,
  "lock-lost": true,
  "dedup-lost": true,
  suppressed: true,
} satisfies Record<LineKind | "suppressed", true>;

/** Returns the first column of a section's tables, by the section's heading. */
const sections = new Map(
  readFileSync(join(ROOT, "docs/reference/events.md"), "utf8")
    .split(/^## /m)
    .slice(1)
    .map((section) => [
      section.slice(0, section.indexOf("\n")),
      [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name),
    ]),
);

describe("docs/reference/events.md", () => {
  test("events.md has a section for each event, and one for the log", () => {
    expect([...sections.keys()]).toEqual([...Object.keys(FIELDS), "What the log writes"]);
  });

  test.each(Object.entries(FIELDS))("events.md has the fields of the event %s", (kind, fields) => {
    const named = sections.get(kind)?.filter((name) => !name.startsWith('"'));
    expect(named).toEqual(Object.keys(fields));
  });

  test.each(Object.entries(VALUES))("events.md has the values of the event %s", (kind, values) => {
    const named = sections.get(kind)?.filter((name) => name.startsWith('"'));
    expect(named).toEqual(Object.keys(values).map((value) => `"${value}"`));
  });

  test("events.md has each kind of line that the log writes", () => {
    expect(sections.get("What the log writes")?.toSorted()).toEqual(Object.keys(LINES).toSorted());
  });
});

describe("emit", () => {
  const event: HeadgateEvent = { kind: "lock", state: "released" };

  test("emit calls the listener before it returns", () => {
    const listener = vi.fn<(event: HeadgateEvent) => void>();
    emitTo(listener)(event);
    expect(listener.mock.calls).toEqual([[event]]);
  });

  test.each([
    ["rejects", () => Promise.reject(new Error("its own"))],
    [
      "throws",
      () => {
        throw new Error("its own");
      },
    ],
  ])("emit does not fail its caller when a listener %s", async (_, listener) => {
    const unhandled = vi.fn<(error: unknown) => void>();
    process.on("unhandledRejection", unhandled);
    const heard: string[] = [];
    emitTo(listener)(event);
    emitTo(toEach([listener, ({ kind }) => heard.push(kind)]))(event);
    await expect.poll(() => heard).toEqual(["lock"]);
    // Node reports an unhandled rejection before the next turn of its loop.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
