// npm run test:testing: runs the projects of docs/guides/testing-jest.md and testing-end-to-end.md in Jest and
// Playwright, which this repository does not have. Both are installed into temporary folders, beside the
// built package.
import { execFile } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";

const PROJECTS = join(ROOT, "tests", "fixtures", "testing");

const JEST = ["jest@30.5.2", "next@16.4.6", "react@19.3.1", "react-dom@19.3.1", "wasmoon@1.16.0"];
const PLAYWRIGHT = ["@playwright/test@1.65.1", "@types/node@24.19.2", "typescript@5.9.3"];

const COMPILE =
  "tsc --strict --noEmit --allowImportingTsExtensions --target es2023 --module nodenext --types node e2e/search.spec.ts";

/** A user's project with the package and other packages. */
class Project {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(folder: string, manifest: object, packages: readonly string[]) {
    mkdirSync(folder);
    const project = new Project(folder);
    project.write("package.json", JSON.stringify({ name: "adopter", private: true, ...manifest }));
    await project.run("npm", ["install", "--no-audit", "--no-fund", ...packages]);
    return project;
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.#folder, file), text);
  }

  /** Copies a project of the guide, or one of its files. */
  copy(from: string, to: string): void {
    cpSync(join(PROJECTS, from), join(this.#folder, to), { recursive: true });
  }

  /** Runs a program, and resolves to its output. Rejects with the output when the program fails. */
  async run(program: string, args: readonly string[], env: Record<string, string> = {}) {
    const options = { cwd: this.#folder, env: { ...process.env, NO_COLOR: "1", ...env } };
    const { stdout, stderr } = await promisify(execFile)(program, args, options);
    return stdout + stderr;
  }
}

const [given] = process.argv.slice(2);
const archive = resolve(given ?? builtPackage());
const folder = mkdtempSync(join(tmpdir(), "headgate-testing-"));
try {
  await runJest();
  await runPlaywright();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function builtPackage(): string {
  const [file] = globSync("dist/package/headgate-*.tgz", { cwd: ROOT });
  if (file !== undefined) return join(ROOT, file);
  throw new Error("No package is in dist/package: run npm run package first, or name a .tgz.");
}

/** Jest runs with next/jest and the line of the guide, and with ES modules, which need no such line. */
async function runJest(): Promise<void> {
  const project = await Project.make(join(folder, "jest"), {}, [...JEST, archive]);
  project.copy("jest", ".");
  // next/jest requires an app.
  mkdirSync(join(folder, "jest", "app"));
  tell("jest", await project.run("npx", ["jest"]), "2 passed, 2 total");
  project.write("jest.config.mjs", "export default {};\n");
  project.write("package.json", JSON.stringify({ name: "adopter", type: "module" }));
  const env = { NODE_OPTIONS: "--experimental-vm-modules" };
  const args = ["jest", "--transform={}"];
  tell("jest, ES modules", await project.run("npx", args, env), "2 passed, 2 total");
}

/** Two workers run at once, each with a separate server, on one real Redis. */
async function runPlaywright(): Promise<void> {
  const manifest = { type: "module", scripts: { start: "exec node server.ts" } };
  const packages = [...PLAYWRIGHT, archive];
  const project = await Project.make(join(folder, "playwright"), manifest, packages);
  for (const file of ["policy.ts", "server.ts", "e2e"]) project.copy(file, file);
  await project.run("npx", COMPILE.split(" "));
  const store = await startStore();
  try {
    const env = { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token };
    // Each worker has several tests, so that shared counts would make one of them fail.
    const args = ["playwright", "test", "--workers=2", "--fully-parallel", "--repeat-each=3"];
    tell("playwright", await project.run("npx", [...args, "--reporter=list"], env), "6 passed");
  } finally {
    await store.stop();
  }
}

/** @throws {Error} when a framework did not run the expected tests */
function tell(name: string, printed: string, expected: string): void {
  if (!printed.includes(expected)) throw new Error(`${name}: not "${expected}" but:\n${printed}`);
  console.log(`${name}: ${expected}`);
}
