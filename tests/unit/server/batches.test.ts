import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { HeadgateError } from "#lib/core/errors";
import { createBatches, wantsBatches } from "#lib/server/batches";
import { requestHandler } from "#lib/server/request-handler";

test("the first request of a turn goes on at once, and the others go on after the turn, in their order", async () => {
  const batches = createBatches();
  const seen: (number | string)[] = [];
  const first = batches();
  const others = [1, 2, 3].map(async (n) => {
    await batches();
    seen.push(n);
  });
  await Promise.resolve();
  seen.push("the turn goes on");
  expect(first).toBeUndefined();
  await Promise.all(others);
  expect(seen).toEqual(["the turn goes on", 1, 2, 3]);
});

test("the first request of the next turn goes on at once", async () => {
  const batches = createBatches();
  expect([batches(), batches()]).toEqual([undefined, expect.any(Promise)]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(batches()).toBeUndefined();
});

test.each([
  { isBatched: true, inItsTurn: ["/1"] },
  { isBatched: false, inItsTurn: ["/1", "/2", "/3"] },
])("with isBatched $isBatched, Next gets $inItsTurn before the turn ends", async (its) => {
  const reached: (string | undefined)[] = [];
  const handle = async ({ url }: IncomingMessage) => void reached.push(url);
  const handler = requestHandler(
    { clients: { name: () => {} }, isBatched: its.isBatched },
    { next: Promise.resolve({ handle }) },
  );
  const handled = ["/1", "/2", "/3"].map((url) => {
    const request = Object.assign(new IncomingMessage(new Socket()), { url, method: "GET" });
    return handler(request, new ServerResponse(request));
  });
  // A request that waits only for promises has continued after the next ticks.
  for (let i = 0; i < 10; i += 1) await new Promise<void>((done) => process.nextTick(done));
  expect(reached).toEqual(its.inItsTurn);
  await Promise.all(handled);
  expect(reached).toEqual(["/1", "/2", "/3"]);
});

test.each(["-1", "2", "yes", "0.5"])("HEADGATE_BATCH=%s is rejected with ENV_INVALID", (value) => {
  const read = () => wantsBatches({ HEADGATE_BATCH: value });
  expect(read).toThrow(HeadgateError);
  expect(read).toThrow("HEADGATE_BATCH must be a whole number from 0 to 1.");
});

test("batches are on unless HEADGATE_BATCH is 0", () => {
  const settings = [{}, { HEADGATE_BATCH: "1" }, { HEADGATE_BATCH: "0" }];
  expect(settings.map((env) => wantsBatches(env))).toEqual([true, true, false]);
});
