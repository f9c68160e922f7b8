import { expect, test } from "vitest";
import { onEachStore } from "../support/on-each-store.ts";
import { makeTools } from "../support/tools.ts";
import type { Options } from "./idempotency/orders.ts";
import { testRequests } from "./idempotency/requests.ts";
import { testResponses } from "./idempotency/responses.ts";
import { testRuns } from "./idempotency/runs.ts";
import { testStore } from "./idempotency/store.ts";

onEachStore("idempotent on $name", (store) => {
  testRequests(store);
  testResponses(store);
  testRuns(store);
  testStore(store);
});

test.each<[Options, RegExp]>([
  [{ maxAnswerBytes: 1_000_000 }, /maxAnswerBytes must be .* to 524288, but is 1000000/],
  [{ maxAnswerBytes: Number.NaN }, /maxAnswerBytes must .* NaN/],
  [{ maxBodyBytes: -1 }, /maxBodyBytes must .* -1/],
  [{ lease: "soon" }, /lease must .* "soon"/],
  [{ maxHold: "later" }, /maxHold must .* "later"/],
  [{ window: "32 days" }, /window must .* "32 days"/],
])("the options %j are rejected when the route is made", (options, why) => {
  const { idempotent } = makeTools({ url: "http://127.0.0.1:1", token: "x" });
  const make = () => idempotent(() => new Response(), { caller: () => "ada", ...options });
  expect(make).toThrow(why);
});
