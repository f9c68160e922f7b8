import { describe, expect, test } from "vitest";
import { CASES } from "./cases.ts";
import { runCase, wrongs } from "./judge.ts";

/** Long enough for a breaker to open, and to try a call. */
const LASTS_MS = 1500;

const groups = [...new Set(CASES.map(({ group }) => group))];
const firsts = groups.flatMap((name) => CASES.find(({ group }) => group === name) ?? []);

describe("while the store fails, and after it", () => {
  test.each(firsts)(
    "while the store fails, requests are answered and no count is lost: $name",
    async (fault) => {
      expect(wrongs(await runCase(fault, LASTS_MS))).toEqual([]);
    },
  );
});
