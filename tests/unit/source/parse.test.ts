import { describe, expect, test } from "vitest";
import { parseSource } from "#lib/source/parse";

describe("parseSource", () => {
  test.each([
    ["middleware.ts", "export const a = <string>b;"],
    ["page.tsx", "export default (): JSX.Element => <p>hello</p>;"],
    ["page.js", "export default () => <p>hello</p>;"],
    ["route.mts", "@log class A {} export { A as GET };"],
    ["route.ts", "export { declaredElsewhere as GET };"],
    ["middleware.cjs", "module.exports = function middleware() {};"],
  ])("parseSource reads %s: %s", (file, source) => {
    const { body, problem } = parseSource(file, source);
    expect(problem).toBeUndefined();
    expect(body.length).toBeGreaterThan(0);
  });

  test("parseSource reports where a file cannot be parsed", () => {
    expect(parseSource("a.ts", "const a = 1;\nconst b = ;\n")).toEqual({
      body: [],
      problem: { message: "Unexpected token", start: 23 },
    });
  });

  test("parseSource returns offsets in UTF-16 code units", () => {
    const source = 'const flag = "🏳️‍🌈"; const next = 1;';
    const [, second] = parseSource("a.ts", source).body;
    expect(source.slice(second?.start, second?.end)).toBe("const next = 1;");
  });
});
