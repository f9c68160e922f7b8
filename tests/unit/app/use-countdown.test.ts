import { expect, test } from "vitest";
import { clock } from "#app/_page/use-countdown";

test.each([
  [0, "0:00"],
  [7, "0:07"],
  [65, "1:05"],
  [600, "10:00"],
  [3599, "59:59"],
  [7200, "2:00:00"],
  [90_061, "25:01:01"],
])("clock(%i) is %s", (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});
