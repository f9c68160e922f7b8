import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EdgeVM } from "@edge-runtime/vm";
import { expect, test } from "vitest";
import { problems } from "../fixtures/runtime/problems.ts";
import { write } from "../package/world.ts";
import { ROOT } from "../support/app.ts";
import { scope } from "../support/scope.ts";
import { bundle } from "./bundle.ts";

const cleanUp = scope();
const FIXTURE = join(ROOT, "tests/fixtures/runtime/problems.ts");
const IN_SHORT = "as `npx headgate check` explains";
/** Parts of a hint, a list and a guess. */
const SENTENCES = ["no repeat inside a repeat", "config/identities.ts", "did you mean"];

/** Returns the problems that a bundle finds in the edge runtime, which has no `process`. */
async function found(minify: boolean) {
  const { code } = await bundle("edge", FIXTURE, minify);
  const vm = new EdgeVM();
  vm.evaluate(code);
  const text = vm.evaluate<string>("JSON.stringify(worker.problems())");
  return { code, problems: JSON.parse(text) as ReturnType<typeof problems> };
}

test("a production build finds the same problems at the same places, and contains no sentences", async () => {
  const { code, problems: inShort } = await found(true);
  const whole = JSON.parse(JSON.stringify(problems())) as ReturnType<typeof problems>;
  expect(whole.length).toBeGreaterThan(5);
  expect(inShort).toEqual(
    whole.map((problem) => ({
      ...problem,
      allowed: IN_SHORT,
      message: problem.message.replace(problem.allowed, () => IN_SHORT),
    })),
  );
  for (const sentence of SENTENCES) expect(code).not.toContain(sentence);
  expect(code).not.toContain("process.env");
});

test("a development build names the allowed values, like the source", async () => {
  const { code, problems: inFull } = await found(false);
  expect(inFull).toEqual(JSON.parse(JSON.stringify(problems())));
  for (const sentence of SENTENCES) expect(code).toContain(sentence);
});

test("a build without a mode names the allowed values in a runtime without process", async () => {
  const { code } = await bundle("edge", FIXTURE, false, "neutral");
  expect(code).toContain("process.env.NODE_ENV");
  const vm = new EdgeVM();
  vm.evaluate(code);
  expect(vm.evaluate("typeof process")).toBe("undefined");
  const text = vm.evaluate<string>("JSON.stringify(worker.problems())");
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(problems())));
});

test("headgate check prints the same with NODE_ENV=production as without", () => {
  const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-production-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  const policy = `export default { rules: { search: { match: "/s/:id((?:a|aa)+)", limits: { usr: "10 per minute" } } } };`;
  write(folder, { "package.json": "{}", "config/rate-limits.ts": policy });
  const check = (NODE_ENV: "production" | "development") => {
    const args = [join(ROOT, "lib/cli/headgate.ts"), "check"];
    const env = { ...process.env, NODE_ENV };
    const done = spawnSync(process.execPath, args, { cwd: folder, env, encoding: "utf8" });
    return { status: done.status, said: done.stdout + done.stderr };
  };
  const [inProduction, inDevelopment] = [check("production"), check("development")];
  expect(inProduction).toEqual(inDevelopment);
  expect(inProduction).toMatchObject({ status: 1 });
  expect(inProduction.said).toContain("as in config/identities.ts");
  expect(inProduction.said).toContain("takes long on some paths");
});
