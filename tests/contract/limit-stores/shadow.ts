import { describe, expect, test } from "vitest";
import type { GroupedLimit } from "../../support/limit-stores.ts";
import { freshKeys, START } from "../../support/limit-walks.ts";
import type { LimitsOn } from "../../support/limit-stores.ts";

/** Tests limits of rules in shadow. */
export function testShadow(on: LimitsOn): void {
  describe("with rules in shadow", () => {
    const decides: GroupedLimit = {
      algorithm: "fixed-window",
      limit: 2,
      windowMs: 60_000,
      cost: 1,
    };
    const shadow: GroupedLimit = { ...decides, limit: 1, group: 1 };
    const other: GroupedLimit = { ...decides, limit: 9, group: 2 };

    test("rules in shadow deny no request, and each consumes where it has capacity", async () => {
      const keys = freshKeys(3);
      const limits = [decides, shadow, other];
      expect((await on.run("consume", keys, limits, START)).passed).toBe(true);
      const second = await on.run("consume", keys, limits, START);
      expect(second.passed).toBe(true);
      expect(second.limits.map(({ remaining }) => remaining)).toEqual([0, 0, 7]);
      expect(second.limits[1]?.wait).toBeGreaterThan(0);
    });

    test("a denial consumes nothing from rules in shadow", async () => {
      const keys = freshKeys(2);
      const limits = [{ ...decides, limit: 1 }, other];
      await on.run("consume", keys, limits, START);
      const denied = await on.run("consume", keys, limits, START);
      expect(denied.passed).toBe(false);
      expect(denied.limits[1]?.remaining).toBe(8);
    });

    test("the store consumes from all limits of a rule in shadow, or from none", async () => {
      const keys = freshKeys(2);
      const limits = [shadow, { ...shadow, limit: 9 }];
      await on.run("consume", keys, limits, START);
      const second = await on.run("consume", keys, limits, START);
      expect(second.passed).toBe(true);
      expect(second.limits[1]?.remaining).toBe(8);
    });
  });
}
