import { expect, test } from "vitest";
import { commandOf, helpOf, howOf, readOptions } from "../../bench/options.ts";
import { PARTS } from "../../bench/parts.ts";
import { ORDER } from "../../bench/report/order.ts";

test("readOptions returns all parts, or those that --only names, in order", () => {
  expect(readOptions([])).toMatchObject({ parts: ORDER, isNamed: false, save: false });
  expect(readOptions(["--only", "tools, middleware", "--save"])).toMatchObject({
    parts: ["middleware", "tools"],
    isNamed: true,
    save: true,
  });
});

test.each([
  [["--only", "tools,tolls"], "--only must be names of middleware, proxy,"],
  [["--rounds", "0"], '--rounds must be a whole number from 1, but is "0".'],
  [["--connections", "1,many"], '--connections must be a whole number from 1, but is "many".'],
  [["--fast"], "--fast"],
])("readOptions rejects %j", (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});

test("given options replace the defaults of a part", () => {
  const { how } = readOptions(["--rounds", "2", "--connections", "4,8"]);
  expect(howOf(PARTS.delay, how)).toMatchObject({ rounds: 2, seconds: 1, connections: [4, 8] });
  expect(commandOf("delay", PARTS.delay, how)).toBe("npm run bench -- --only delay --rounds 2");
  expect(commandOf("workerd", PARTS.workerd, how)).toBe(
    "npm run bench -- --only workerd --rounds 2 --connections 4,8",
  );
});

test("the help has every part with its duration and its requirements", () => {
  const help = helpOf(PARTS);
  for (const name of ORDER) expect(help).toMatch(new RegExp(`^  ${name} +[a-zA-Z0-9]`, "m"));
  expect(help).toContain("about 3 min; needs wrk; --rounds 3");
  const lines = help.split("\n").map((line) => line.length);
  expect(Math.max(...lines)).toBeLessThanOrEqual(110);
  expect(help).toContain("sudo apt-get install wrk");
});
