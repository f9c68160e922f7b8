import { describe, expect, test } from "vitest";
import { ALLOWED, BLOCKED, from, listedGates, TOKEN } from "../support/client-lists.ts";

const { gate, scriptsRun } = listedGates();

describe("an allowed client", () => {
  test.each([
    ["by its address", from(ALLOWED), 1],
    ["by its user, who is blocked too", from("203.0.113.1", { "x-user": "robot" }), 2],
    ["by a condition", from("203.0.113.1", { authorization: `Bearer ${TOKEN}` }), 4],
    ["by a condition that waits", from("203.0.113.1", { "x-slowly": TOKEN }), 5],
    [
      "by a condition, from a blocked address",
      from(BLOCKED, { authorization: `Bearer ${TOKEN}` }),
      4,
    ],
  ])("an allowed client is not counted %s", async (_, init, place) => {
    const { send, events } = gate();
    for (let i = 0; i < 4; i += 1) {
      const answer = await send("/search", init);
      expect(answer.status).toBe(200);
      expect(answer.headers.has("ratelimit")).toBe(false);
    }
    expect(await scriptsRun()).toBe(0);
    expect(events).toHaveLength(4);
    expect(events[0]).toMatchObject({
      kind: "decision",
      rules: ["search"],
      decision: { reason: "allow-listed", entry: `policy allow ${place}`, counted: "nowhere" },
    });
  });

  test("an allowed client must not send a larger body than its rule permits", async () => {
    const { send } = gate();
    const sent = from(ALLOWED, { "content-length": "19" });
    const body = { method: "POST", body: "more than ten bytes", ...sent };
    expect((await send("/upload", body)).status).toBe(413);
  });
});

describe("a condition that fails", () => {
  test.each([
    ["throws", "no", undefined],
    ["late", "late was not resolved within 50 ms", "IDENTITY_TIMEOUT"],
  ])(
    "a condition that fails allows no client, and is reported: %s",
    async (name, message, code) => {
      const { send, events } = gate();
      const init = from("203.0.113.1", { [`x-${name}`]: "1" });
      const statuses = [];
      for (let i = 0; i < 3; i += 1) statuses.push((await send("/search", init)).status);
      expect(statuses).toEqual([200, 200, 429]);
      const failures = events.filter(({ kind }) => kind === "failure");
      expect(failures).toHaveLength(3);
      expect(failures[0]).toMatchObject({ during: "identity", name });
      const { error } = failures[0] as { readonly error: Error & { readonly code?: string } };
      expect(error.message).toContain(message);
      expect(error.code).toBe(code);
    },
  );

  test("a condition that is false is not reported as a missing identity", async () => {
    const { send, events } = gate();
    await send("/search", from("203.0.113.1", { cookie: "authjs.session-token=abc" }));
    expect(events.filter(({ kind }) => kind !== "decision" && kind !== "store")).toEqual([]);
  });
});
