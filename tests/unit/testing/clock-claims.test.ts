import { expect, test } from "vitest";
import { definePolicy } from "headgate";
import { createDedup } from "headgate/dedup";
import { createIdempotent } from "headgate/idempotency";
import { createTestGate } from "headgate/testing";

/** The tools of handlers use no rule, and a policy has at least one. */
const policy = definePolicy({
  rules: { search: { match: "/api/search", limits: { ip: "3 per minute" } } },
});

test("an event counts once until its window ends by the clock", async () => {
  const gate = createTestGate(policy);
  const dedup = createDedup(gate);
  expect(await dedup.shouldTrackEvent("view:1", 300)).toBe(true);
  await gate.advance(299_999);
  expect(await dedup.shouldTrackEvent("view:1", 300)).toBe(false);
  await gate.advance(1);
  expect(await dedup.shouldTrackEvent("view:1", 300)).toBe(true);
});

test("a claim is renewed while its work runs, and lost after the longest hold", async () => {
  const gate = createTestGate(policy);
  const dedup = createDedup(gate);
  let end: (text: string) => void = () => {};
  const work = new Promise<string>((resolve) => {
    end = resolve;
  });
  const terms = { window: "1 day", lease: "30 seconds", maxHold: "2 minutes" } as const;
  const done = dedup.once("mail:7", terms, () => work);
  await gate.advance("1 minute");
  expect(await dedup.once("mail:7", terms, async () => "again")).toMatchObject({
    ran: false,
    reason: "in-progress",
  });
  await gate.advance("2 minutes");
  expect(await dedup.once("mail:7", terms, async () => "again")).toMatchObject({ ran: true });
  end("late");
  expect(await done).toMatchObject({ ran: true, isCommitted: false });
  const lost = (await gate.events()).filter(
    (event) => event.kind === "dedup" && event.state === "lost",
  );
  expect(lost).toHaveLength(1);
});

test("an answer is replayed for its key until the clock reaches the end of its window", async () => {
  const gate = createTestGate(policy);
  let runs = 0;
  const post = createIdempotent(gate)(() => Response.json({ run: (runs += 1) }), {
    caller: () => "ada",
  });
  const pay = async () =>
    (
      await post(
        gate.request("/pay", {
          method: "POST",
          headers: { "Idempotency-Key": '"7f3a"' },
          body: "{}",
        }),
      )
    ).json();
  expect([await pay(), await pay()]).toEqual([{ run: 1 }, { run: 1 }]);
  await gate.advance("1 day");
  expect(await pay()).toEqual({ run: 2 });
});

test("a request that runs for minutes keeps its key, which the clock renews", async () => {
  const gate = createTestGate(policy);
  let end = () => {};
  const running = new Promise<void>((resolve) => {
    end = resolve;
  });
  let runs = 0;
  const post = createIdempotent(gate)(
    async () => {
      runs += 1;
      await running;
      return Response.json({ paid: true });
    },
    { caller: () => "ada", lease: "30 seconds" },
  );
  const headers = { "Idempotency-Key": '"7f3a"' };
  const pay = () => post(gate.request("/pay", { method: "POST", headers, body: "{}" }));
  const first = pay();
  await expect.poll(() => runs).toBe(1);
  await gate.advance("3 minutes");
  expect((await pay()).status).toBe(409);
  end();
  expect((await first).status).toBe(200);
  expect([(await pay()).status, runs]).toEqual([200, 1]);
});
