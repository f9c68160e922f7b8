import { expect, test } from "vitest";
import { createGate } from "#lib/gate";
import { gateOptions } from "../support/options.ts";
import { gatesOn, passed, policy } from "../support/gate-of-rules.ts";
import { liveStore } from "../support/live-store.ts";

const live = liveStore();
const gate = gatesOn(live);

test("the gate reports each decision after the response", async () => {
  const { send, events } = gate();
  await send("/api/search");
  expect(events).toMatchObject([
    { kind: "decision", rules: ["api", "search"], decision: { reason: "within-limit" } },
  ]);
  expect(events[0]).toHaveProperty("tookMs", expect.any(Number));
});

test("the gate allows requests although a listener throws or rejects", async () => {
  const now = () => {
    throw new Error("the listener's own");
  };
  const later = () => Promise.reject(new Error("the listener's own"));
  for (const onEvent of [now, later]) {
    expect(passed(await gate({ onEvent }).send("/api/search"))).toBe(true);
  }
});

test("the gate reports the decision of a request whose app throws", async () => {
  const { send, events } = gate({}, () => {
    throw new Error("the app's own");
  });
  await expect(send("/api/search")).rejects.toThrow("the app's own");
  await expect.poll(() => events.map(({ kind }) => kind)).toEqual(["decision"]);
});

test("all reports are passed to waitUntil, so that no runtime ends before them", async () => {
  const { options } = gateOptions(live.store);
  const heard: string[] = [];
  const guard = createGate(policy, {
    ...options,
    onEvent: (event) => heard.push(event.kind === "failure" ? event.during : event.kind),
    onDenied: () => {
      throw new Error("the hook fails");
    },
  });
  const later: Promise<unknown>[] = [];
  const send = () =>
    guard(new Request("http://app.example/broken"), { waitUntil: (work) => later.push(work) });
  await send();
  expect((await send()).status).toBe(429);
  // One for each decision with the events before it, and one for the hook.
  expect(later).toHaveLength(3);
  await Promise.all(later);
  expect(heard.toSorted((a, b) => a.localeCompare(b))).toEqual([
    "address",
    "decision",
    "decision",
    "denied-hook",
    "identity",
    "identity",
    "near-limit",
  ]);
});
