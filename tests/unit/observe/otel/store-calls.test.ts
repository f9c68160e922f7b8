import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { describe, expect, test } from "vitest";
import { StoreError } from "#lib/redis/errors";
import { called, telemetry, TIMEOUT, timesOf } from "../../../support/telemetry.ts";

const NOT_TRIED = new StoreError("STORE_NOT_TRIED", "EVALSHA: not sent");

describe("calls to the store", () => {
  test("a store call makes a span by the conventions for Redis, which ends when the call ended", () => {
    const { hear, spans } = telemetry();
    const before = Date.now();
    hear(called, { ...called, command: "pipeline", commands: 3, error: TIMEOUT });
    const [one, several] = spans();
    expect(one).toMatchObject({ name: "EVALSHA", kind: 2, status: { code: 0 } });
    expect(one?.attributes).toEqual({ "db.system.name": "redis", "db.operation.name": "EVALSHA" });
    expect(several).toMatchObject({ name: "PIPELINE", kind: 2, status: { code: 2 } });
    expect(several?.attributes).toEqual({
      "db.system.name": "redis",
      "db.operation.name": "PIPELINE",
      "db.operation.batch.size": 3,
      "error.type": "STORE_TIMEOUT",
    });
    const [start = 0, end = 0] = timesOf(one as ReadableSpan);
    expect(end).toBeGreaterThanOrEqual(before);
    expect(end).toBeLessThanOrEqual(Date.now());
    expect(end - start).toBeCloseTo(3, 5);
  });

  test("a store call that the breaker did not send is counted, and has no span and no duration", async () => {
    const { hear, spans, points } = telemetry();
    hear(called, { ...called, tookMs: 0, error: NOT_TRIED });
    const about = { "db.system.name": "redis", "db.operation.name": "EVALSHA" };
    expect(await points()).toEqual({
      "headgate.store.calls": [
        { ...about, value: 1 },
        { ...about, "error.type": "STORE_NOT_TRIED", value: 1 },
      ],
      "headgate.store.duration": [{ ...about, value: [1, 0.003] }],
    });
    expect(spans()).toHaveLength(1);
  });

  test("data of an app in a call makes no further series", async () => {
    const { hear, spans, points } = telemetry();
    hear({ ...called, command: "subscribe/user-ada" });
    for (let i = 0; i < 500; i += 1) {
      const error = Object.assign(new Error(), { name: `Of ada ${i}` });
      hear({ ...called, error });
    }
    expect(spans()[0]?.name).toBe("_OTHER");
    const calls = (await points())["headgate.store.calls"];
    expect(calls).toHaveLength(102);
    expect(calls?.at(-1)).toMatchObject({ "error.type": "_OTHER", value: 400 });
  });
});
