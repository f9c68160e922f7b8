import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import policy from "#config/rate-limits";
import { checkPolicyFile, renderCheck } from "#lib/cli/check";
import { PROBLEM_CODES } from "#lib/policy/errors";
import { callCommand } from "../../support/call-command.ts";
import { runCommand } from "../../support/command.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const folder = join(root, "tests", "fixtures", "refused");
const fixtures = readdirSync(folder).toSorted();
const docs = readFileSync(join(root, "docs", "reference", "policy-errors.md"), "utf8");

/** The anchors that GitHub makes of headings. */
const anchors = [...docs.matchAll(/^## (.+)$/gm)].map(([, title]) => title?.toLowerCase());

/** Returns the code at the beginning of a fixture's name: NO_LIMITS of "no-limits-but-an-empty-list". */
function codeOf(file: string): string {
  const name = file.replace(/\.ts$/, "").replaceAll("-", "_").toUpperCase();
  const codes = PROBLEM_CODES.filter((code) => name === code || name.startsWith(`${code}_`));
  return codes.toSorted((a, b) => b.length - a.length)[0] ?? `${file} begins with no code`;
}

describe("an invalid policy", () => {
  test.each(fixtures)(
    "the policy %s is rejected with its code, its place and what is allowed",
    async (file) => {
      const path = join(folder, file);
      const result = await checkPolicyFile(path);
      const problems = result.ok ? [] : result.problems;
      expect(problems.map(({ code }) => code)).toEqual([codeOf(file)]);

      const marked = readFileSync(path, "utf8")
        .split("\n")
        .findIndex((line) => line.includes("// <-- here"));
      const [problem] = problems;
      expect(problem?.position?.line).toBe(marked + 1);
      expect(problem?.given).not.toBe("");
      expect(problem?.allowed).not.toBe("");
      const [page, anchor] = problem?.docs.split("#") ?? [];
      expect(page).toBe("headgate/docs/reference/policy-errors.md");
      expect(anchors).toContain(anchor);
      const [first, name] = problem?.place ?? [];
      expect(problem?.rule).toBe(first === "rules" ? name : undefined);
      expect(renderCheck(result)).toContain(`${file}:${marked + 1}:`);
    },
  );

  test("every code has a fixture and an explanation", () => {
    const covered = new Set(fixtures.map(codeOf));
    for (const code of PROBLEM_CODES) {
      expect(covered).toContain(code);
      expect(docs).toContain(`\n## ${code}\n`);
    }
  });

  test("all problems of a policy are reported at once", async () => {
    const result = await checkPolicyFile(join(root, "tests", "fixtures", "many-problems.ts"));
    expect(result.ok ? [] : result.problems.map(({ code }) => code)).toEqual([
      "WINDOW_TOO_SHORT",
      "UNKNOWN_IDENTITY",
      "COST_BELOW_ONE",
      "UNKNOWN_KEY",
      "EMPTY_REASON",
    ]);
  });
});

describe("the command line", () => {
  const call = (...args: readonly string[]) => callCommand(root, {}, ...args);

  test("check prints a summary of the policy, and exits with 0", async () => {
    const done = await runCommand(root, {}, "check");
    const rules = Object.keys(policy.rules).length;
    const exempt = Object.keys(policy.exempt ?? {}).length;
    expect(done.stdout).toMatch(
      new RegExp(
        `^config/rate-limits\\.ts: ${rules} rules, \\d+ limits, ${exempt} exempt paths\n$`,
      ),
    );
    expect(done.status).toBe(0);
  });

  test("check exits with 1 and prints a paragraph for the problem", async () => {
    const done = await runCommand(root, {}, "check", "tests/fixtures/refused/window-too-short.ts");
    expect(done.status).toBe(1);
    expect(done.stderr).toBe(
      [
        "tests/fixtures/refused/window-too-short.ts:8:17  WINDOW_TOO_SHORT",
        "  rule     search",
        "  place    rules.search.limits.ip",
        '  given    "10 per 500 ms"',
        "  allowed  a limit with a window of at least 1 second",
        "  more     headgate/docs/reference/policy-errors.md#window_too_short",
        "",
      ].join("\n"),
    );
  });

  test("check --json prints the problems as JSON", async () => {
    const done = await call("check", "--json", "tests/fixtures/refused/no-rules.ts");
    expect(JSON.parse(done.stdout)).toMatchObject({ ok: false, problems: [{ code: "NO_RULES" }] });
    expect(done.status).toBe(1);
  });

  test.each([
    ["a syntax error", "export default {\n  rules: {,\n};\n", "(line 2, column 11)"],
    ["an error when it is loaded", 'throw new Error("no key");\n', "no key"],
    ["an import without a file", 'import "./nothing.ts";\n', "nothing.ts"],
    ["a path of tsconfig.json without a file", 'import "@/config/x";\n', "'@/config/x'"],
    ["an import without a file or an extension", 'import "./x";\n', "'./x'"],
    ["no default export", "export const rules = {};\n", "the file has no default export"],
    ["a getter that throws", 'export default { get rules() { throw new Error("no") } };\n', "no"],
  ])("check reports that a file with %s is no policy", async (_, source, expected) => {
    const folder = mkdtempSync(join(tmpdir(), "headgate-check-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "policy.mts");
    writeFileSync(file, source);
    const done = await call("check", file);
    expect(done.stderr).toContain("cannot be read as a policy: ");
    expect(done.stderr).toContain(expected);
    expect(done.status).toBe(1);
  });

  test("check reports that a file without a default export is no policy", async () => {
    const done = await runCommand(root, {}, "check", "tests/support/model.ts");
    expect(done.stderr).toContain("the file has no default export");
    expect(done.status).toBe(1);
  });

  test.each([["chekc"], ["check", "nowhere.ts"], ["check", "--jsn"]])(
    "the arguments %s %s are a wrong use",
    async (...args) => {
      const done = await call(...args);
      expect(done.stderr).toContain("CLI_USAGE");
      expect(done.status).toBe(2);
    },
  );

  test("--help prints how to run check", async () => {
    const done = await call("--help");
    expect(done.stdout).toContain("npm run headgate -- check");
    expect(done.status).toBe(0);
  });
});
