import { describe, expect, test } from "vitest";
import { answeringGates } from "../support/answering-gate.ts";
import { liveStore } from "../support/live-store.ts";

const gate = answeringGates(liveStore());

describe("a body", () => {
  const sized = (length: number | string, method = "POST") => ({
    method,
    headers: { "content-length": String(length) },
  });
  const stream = () =>
    ({ method: "POST", body: new Response("some").body, duplex: "half" }) as const;

  test("a body that Next would truncate is denied on every path, by a problem with the largest size", async () => {
    const { send, events } = gate({ nextMaxBody: 10_485_760 });
    for (const path of ["/plain", "/no-rule-here"]) {
      const answer = await send(path, sized(10_485_761));
      expect(answer.status).toBe(413);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(await answer.json()).toEqual({
        type: "about:blank",
        title: "Content Too Large",
        status: 413,
        detail: "The body of this request must be at most 10 MB.",
      });
    }
    const decisions = events.flatMap((event) => (event.kind === "decision" ? event.decision : []));
    expect(decisions).toHaveLength(2);
    expect(decisions[0]).toMatchObject({ reason: "body-too-large", maxBody: 10_485_760 });
    expect((await send("/no-rule-here", sized(10_485_760))).status).toBe(200);
    expect((await send("/no-rule-here", sized(99_999_999, "GET"))).status).toBe(200);
  });

  test.each(["shadow", "off"] as const)(
    "a body that Next would truncate is denied in mode %s too",
    async (mode) => {
      const { send, events } = gate({ nextMaxBody: 100, mode });
      expect((await send("/plain", sized(101))).status).toBe(413);
      // In another mode the event would report that the request was allowed.
      const decision = { allowed: false };
      expect(events[0]).toMatchObject({ mode: "enforce", method: "POST", decision });
    },
  );

  test("a body of any size is allowed when Next truncates none and no rule bounds it", async () => {
    const { send } = gate();
    expect((await send("/plain", sized(99_999_999_999))).status).toBe(200);
    expect((await send("/no-rule-here", stream())).status).toBe(200);
  });

  test("a body above a rule's maxBody is denied, and counts against no limit", async () => {
    const { send, events } = gate();
    for (let i = 0; i < 5; i += 1) expect((await send("/upload", sized(1025))).status).toBe(413);
    expect(events[0]).toMatchObject({ rules: ["upload"], decision: { counted: "nowhere" } });
    const answer = await send("/upload", sized(1024));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("ratelimit")).toMatch(/^"upload:ip:minute";r=1/);
  });

  test("the smallest maxBody of several rules decides", async () => {
    const { send } = gate({ nextMaxBody: 10_485_760 });
    const answer = await send("/upload/small", sized(11));
    expect(await answer.json()).toMatchObject({
      status: 413,
      detail: expect.stringContaining("10 B") as unknown,
    });
    expect((await send("/upload/small", sized(10))).status).toBe(200);
  });

  test.each([
    ["a body without a length", stream()],
    ["a body with a coding", { method: "POST", headers: { "transfer-encoding": "chunked" } }],
    ["a body with a length that is not a number", sized("12, 12")],
  ])("%s is denied with 411 when a rule has a maxBody", async (_, init) => {
    const answer = await gate().send("/upload", init);
    expect(answer.status).toBe(411);
    expect(await answer.json()).toMatchObject({ title: "Length Required", status: 411 });
  });

  test("a request without a body needs no length, even when Next has an empty stream", async () => {
    expect((await gate().send("/upload", { method: "POST" })).status).toBe(200);
    expect((await gate({ nextMaxBody: 100 }).send("/upload", stream())).status).toBe(200);
  });

  test("a body above the maxBody of a rule in shadow is allowed", async () => {
    expect((await gate().send("/trial", sized(11))).status).toBe(200);
  });

  test("a body above a rule's maxBody is allowed and reported when HEADGATE_MODE is shadow", async () => {
    const { send, events } = gate({ mode: "shadow" });
    expect((await send("/upload", sized(1025))).status).toBe(200);
    expect(events[0]).toMatchObject({ mode: "shadow", decision: { reason: "body-too-large" } });
  });

  test("onDenied may return the response to a body that is too large", async () => {
    const onDenied = (_: Request, { reason }: { reason: string }) =>
      new Response(reason, { status: 413 });
    const answer = await gate({ onDenied }).send("/upload", sized(1025));
    expect(await answer.text()).toBe("body-too-large");
  });
});
