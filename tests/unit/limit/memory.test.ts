import { describe, expect, test } from "vitest";
import { MemoryLimits } from "#lib/limit/stores/memory";
import { chargeOf } from "../../support/charge.ts";

const WINDOW_MS = 16_000;

function memory(most?: number) {
  const clock = { now: 1_000_000.5 };
  const limits = new MemoryLimits({ clock: () => clock.now, most });
  const consume = async (key: string, options: Parameters<typeof chargeOf>[1] = {}) => {
    const [charged] = await limits.consume([chargeOf(key, options)]);
    return charged?.status;
  };
  const remaining = async (key: string) =>
    (await limits.peek([chargeOf(key)]))[0]?.status.remaining;
  return { clock, limits, consume, remaining };
}

describe("MemoryLimits", () => {
  test("MemoryLimits counts whole milliseconds, as Redis does", async () => {
    const { clock, limits, consume } = memory();
    await consume("a", { cost: 5 });
    clock.now += WINDOW_MS - 0.6;
    expect((await consume("a"))?.waitMs).toBe(1);
    clock.now += 0.1;
    expect((await consume("a"))?.waitMs).toBe(0);
    const [charged] = await limits.peek([chargeOf("a")]);
    expect(charged?.at).toBe(1_000_000 + WINDOW_MS);
  });

  test.each([1, 1.5, Infinity, Number.NaN])(
    "MemoryLimits throws for a bound of %s keys",
    (most) => {
      expect(() => memory(most)).toThrow("most must be");
    },
  );

  test("MemoryLimits keeps at most the given number of keys, and drops those that were not used for long", async () => {
    const { consume, remaining } = memory(4);
    await consume("often");
    for (let i = 0; i < 20; i += 1) {
      await consume(`key-${i}`);
      await remaining("often");
    }
    expect(await remaining("often")).toBe(4);
    expect(await remaining("key-19")).toBe(4);
    expect(await remaining("key-0")).toBe(5);
  });

  test("MemoryLimits keeps the key of a client that is denied repeatedly", async () => {
    const { consume } = memory(2);
    await consume("full", { cost: 5 });
    for (const key of ["a", "b", "c"]) {
      expect((await consume("full"))?.waitMs).toBe(WINDOW_MS);
      await consume(key);
    }
  });

  test("MemoryLimits does not read an expired key again after the clock stepped back", async () => {
    const { clock, consume, remaining } = memory();
    await consume("a", { cost: 5 });
    clock.now += WINDOW_MS + 1001;
    expect(await remaining("a")).toBe(5);
    clock.now -= WINDOW_MS + 1001;
    expect(await remaining("a")).toBe(5);
  });

  test("MemoryLimits deletes a fully refunded log, so a fixed window begins at its multiple", async () => {
    const { limits, consume } = memory();
    const charged = await limits.consume([chargeOf("a")]);
    expect(await limits.refund(charged)).toBe(1);
    const fixed = await consume("a", { algorithm: "fixed-window" });
    expect(fixed).toMatchObject({ remaining: 4, resetMs: WINDOW_MS - (1_000_000 % WINDOW_MS) });
  });
});
