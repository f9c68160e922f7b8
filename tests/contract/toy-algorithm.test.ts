import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../support/app.ts";

const TOY = join(ROOT, "tests", "fixtures", "toy-algorithm");
const ALGORITHMS = join("lib", "limit", "algorithms");

/** The files that the core of the contract suite needs beside node_modules. */
const COPIED = [
  "package.json",
  "tsconfig.json",
  "lib",
  join("tests", "support"),
  join("tests", "contract", "algorithms.test.ts"),
  join("tests", "contract", "limit-stores"),
  ...["", "-clock", "-refund", "-restore", "-walk"].map((part) =>
    join("tests", "contract", `limit-stores${part}.test.ts`),
  ),
];

/** The core of the contract suite, on each of these stores: the tests of every algorithm. */
const CORE = [
  ...["RedisLimits on redis-server", "MemoryLimits"].flatMap((store) => [
    `${store} .*admits exactly where the model admits`,
    `${store} .*returns an exact wait`,
    `${store} .*\\(first-window\\)`,
    `a refund of ${store} .*leaves the counts of the model`,
    `when the clock of ${store} steps .*no window of true time admits more`,
    `a restore to ${store} .* first-window`,
  ]),
  "MemoryLimits answers step for step",
  "the toy",
];

/** The settings of the suite. Its files share one process, which loads lib once. */
const SUITE = {
  include: ["tests/contract/*"],
  testTimeout: 60_000,
  isolate: false,
  maxWorkers: 1,
};

interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

describe("an algorithm that is one file and one line", () => {
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "headgate-toy-"));
    await Promise.all(
      COPIED.map((path) => cp(join(ROOT, path), join(folder, path), { recursive: true })),
    );
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    await cp(join(TOY, "first-window.ts"), join(folder, ALGORITHMS, "first-window.ts"));
    await addLine(join(folder, ALGORITHMS, "registry.ts"));
    await cp(join(TOY, "policy.test.ts"), join(folder, "tests", "contract", "policy.test.ts"));
    await writeFile(
      join(folder, "vitest.config.ts"),
      `export default ${JSON.stringify({ cacheDir: ".cache", test: SUITE })};\n`,
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("an algorithm of one file and one line compiles", async () => {
    const include = ["lib/limit", "lib/policy", "lib/limits.ts", "tests/contract"];
    const settings = {
      extends: "./tsconfig.json",
      compilerOptions: { incremental: false, tsBuildInfoFile: null, plugins: [] },
      include,
    };
    await writeFile(join(folder, "tsconfig.toy.json"), JSON.stringify(settings));
    const { output, status } = await run("typescript/bin/tsc", "-p", "tsconfig.toy.json");
    expect(output).toBe("");
    expect(status).toBe(0);
  });

  test("an algorithm of one file and one line passes the core of the contract suite on a redis-server and in memory", async () => {
    const report = join(folder, "report.json");
    const { output } = await run(
      "vitest/vitest.mjs",
      "run",
      "--reporter=json",
      `--outputFile=${report}`,
      "-t",
      CORE.join("|"),
    );
    const { success, testResults } = await readReport(report, output);
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    expect(results.filter(({ status }) => status === "failed")).toEqual([]);
    expect({ success, output }).toMatchObject({ success: true });
    const ran = results.filter(({ status }) => status === "passed").map(({ fullName }) => fullName);
    for (const expected of CORE) {
      expect(ran).toContainEqual(expect.stringMatching(new RegExp(expected)));
    }
  });

  async function addLine(registry: string): Promise<void> {
    const lines = await readFile(registry, "utf8");
    await writeFile(registry, `${lines}export { FIRST_WINDOW } from "./first-window.ts";\n`);
  }

  /** Runs a package's program in the copy. */
  async function run(program: string, ...args: readonly string[]) {
    const child = spawn(process.execPath, [join("node_modules", program), ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
    return { output: out + err, status };
  }
});

async function readReport(path: string, output: string): Promise<Report> {
  const written = await readFile(path, "utf8").catch(() => {
    throw new Error(`vitest wrote no report. It printed:\n${output}`);
  });
  return JSON.parse(written) as Report;
}
