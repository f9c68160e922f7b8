import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";
import { callCommand } from "../../support/call-command.ts";
import { runCommand } from "../../support/command.ts";
import { MACHINE } from "../../support/machine.ts";
import { madeApp } from "../init/made-app.ts";

const PROGRAM = join(ROOT, "lib", "cli", "headgate.ts");
const FILES = {
  "app/page.tsx": "",
  "app/api/login/route.ts": "export async function POST() {}",
  "tsconfig.json": "{}",
};
const WRITTEN = ["config/rate-limits.ts", "gate.ts", "proxy.ts", ".env.example"];

const ENV = { NODE_ENV: "production" } as const;

/** Runs `headgate init` in a folder, without a terminal. */
const init = (cwd: string, ...args: readonly string[]) => callCommand(cwd, ENV, "init", ...args);

/** Runs it in a separate process. */
const initProcess = (cwd: string, ...args: readonly string[]) =>
  runCommand(cwd, ENV, "init", ...args);

/** Runs it in a terminal, with the given input. */
function inTerminal(cwd: string, typed: string, more: Readonly<Record<string, string>> = {}) {
  const command = `'${process.execPath}' '${PROGRAM}' init --no-install`;
  const env = { ...MACHINE, ...ENV, TERM: "xterm", ...more };
  const args = ["-qec", command, "/dev/null"];
  const { status, stdout } = spawnSync("script", args, {
    cwd,
    env,
    input: typed,
    encoding: "utf8",
  });
  return { status, output: stdout };
}

const isWritten = (folder: string) => WRITTEN.filter((path) => existsSync(join(folder, path)));

describe("headgate init", () => {
  test("headgate init --dry-run shows a diff of every file, writes none, and ends with 0", async () => {
    const folder = madeApp(FILES);
    const { status, stdout } = await init(folder, "--dry-run");
    expect(stdout.match(/^\+\+\+ b\/.*$/gm)).toEqual(WRITTEN.map((path) => `+++ b/${path}`));
    expect(stdout).not.toContain("\u001B");
    expect([status, isWritten(folder)]).toEqual([0, []]);
  });

  test("headgate init without a terminal writes nothing, says so, and ends with 2", async () => {
    const folder = madeApp(FILES);
    const { status, stderr } = await initProcess(folder);
    expect(stderr).toBe(
      'INIT_NOT_AGREED: Nothing was written: there is no terminal in which to ask "Write these 4 files and run npm install headgate?" Run headgate init --yes to write without a question.\n',
    );
    expect([status, isWritten(folder)]).toEqual([2, []]);
  });

  test("headgate init --yes writes and says how to see a denial and how to enforce, and a second run has nothing to do", async () => {
    const folder = madeApp(FILES);
    const first = await initProcess(folder, "--yes", "--no-install");
    expect(isWritten(folder)).toEqual(WRITTEN);
    const lines = first.stdout.trimEnd().split("\n");
    expect(lines.slice(lines.indexOf("Install Headgate:"))).toEqual([
      "Install Headgate:",
      "  npm install headgate",
      "",
      "Add to CI:",
      "  npx headgate check",
      "  npm run build",
      "  npx headgate audit",
      "",
      'See the rule "sign-in" deny in development: start the app (npm run dev), and send 11 requests:',
      "  curl -s -o /dev/null -w '%{http_code}\\n' -X POST 'http://localhost:3000/api/login?[1-11]' | sort | uniq -c",
      "",
      'In production the rules count, and deny no request. To enforce them, delete the line "mode:" of config/rate-limits.ts.',
    ]);
    const again = await init(folder, "--yes", "--no-install");
    expect(again.stdout).toBe(
      "found    Next 16, app, TypeScript, npm, 1 route handler\nnothing to do\n",
    );
    expect([first.status, again.status, again.stderr]).toEqual([0, 0, ""]);
  });

  test("headgate init at the root of a workspace uses the only app, or the one of --dir", async () => {
    const root = madeApp({ "package.json": "{}", "apps/web/readme.md": "" });
    const web = madeApp(FILES, join(root, "apps"));
    const only = await init(root, "--dry-run");
    expect(only.stdout).toMatch(/^app {6}apps\/headgate-init-\w+, the only Next\.js app here\n/);
    expect((await init(root, "--dry-run", "--dir", web)).stdout).toMatch(/^found/);
    const other = madeApp(FILES, join(root, "apps"));
    const several = await init(root, "--yes");
    expect(several.stderr).toContain("INIT_SEVERAL_APPS");
    expect([several.status, isWritten(web), isWritten(other)]).toEqual([1, [], []]);
  });

  test("headgate init reports changes that are not committed", async () => {
    const folder = madeApp(FILES);
    expect((await init(folder, "--dry-run")).stdout).not.toContain("not committed");
    execFileSync("git", ["init", "-q"], { cwd: folder });
    expect((await init(folder, "--dry-run")).stdout).toMatch(/^note .* not committed: git diff /m);
  });

  test("headgate init says how to commit .env.example when git ignores it", async () => {
    const folder = madeApp({ ...FILES, ".gitignore": ".env*\n" });
    execFileSync("git", ["init", "-q"], { cwd: folder });
    const { stdout } = await init(folder, "--yes", "--no-install");
    const [, command = ""] = /^git ignores .*\n {2}(git add .*)$/m.exec(stdout) ?? [];
    execFileSync("sh", ["-c", command], { cwd: folder });
    const added = execFileSync("git", ["ls-files"], { cwd: folder, encoding: "utf8" });
    expect(added).toBe(".env.example\n");
  });

  test("headgate init survives a next.config that ends the process, as for a missing variable", async () => {
    const folder = madeApp({ ...FILES, "next.config.mjs": "process.exit(1);\nexport default {};" });
    const { status, stdout } = await initProcess(folder, "--dry-run");
    expect(stdout).toMatch(/^found/);
    expect(status).toBe(0);
  });

  test.each([
    ["proxy.ts", "", ["set skipProxyUrlNormalize: true"]],
    ["middleware.ts", "", ["set skipMiddlewareUrlNormalize: true"]],
    ["proxy.ts", "export default { skipProxyUrlNormalize: true };", null],
  ])(
    "headgate init reports a matcher in %s that the gate cannot apply, with next.config %j",
    async (file, config, expected) => {
      const name = file.replace(".ts", "");
      const source = `export function ${name}() {}
export const config = {
  matcher: [{ source: "/a", missing: [{ type: "header", key: "Next-Router-Prefetch" }] }],
};
`;
      const folder = madeApp({ ...FILES, [file]: source, "next.config.mjs": config });
      const { status, stdout } = await init(folder, "--yes", "--no-install");
      expect(stdout.match(/set \w+UrlNormalize: true/g)).toEqual(expected);
      expect(status).toBe(0);
      expect((await init(folder, "--yes", "--no-install")).stdout).not.toContain("UrlNormalize");
    },
  );

  test("headgate init does not change a middleware that cannot be wrapped, says why, and ends with 1", async () => {
    const source = "export default function middleware( {\n";
    const folder = madeApp({ ...FILES, "middleware.ts": source });
    for (const option of ["--dry-run", "--yes", "--yes"]) {
      const { status, stdout, stderr } = await init(folder, option, "--no-install");
      expect(stderr).toMatch(
        /^INIT_MIDDLEWARE: middleware\.ts was not changed, .*\n {2}middleware\.ts, line 2: /,
      );
      expect(stderr).toContain('import { gate } from "./gate";');
      // Without a gate before the app, no rule denies.
      expect(stdout).not.toContain("curl");
      expect(status).toBe(1);
    }
    expect(readFileSync(join(folder, "middleware.ts"), "utf8")).toBe(source);
  });

  test("headgate init puts the gate before the app's own middleware, with its matcher", async () => {
    const own =
      'export default function own() {}\nexport const config = { matcher: ["/account/:path*"] };\n';
    const folder = madeApp({ ...FILES, "middleware.ts": own });
    const { status, stdout } = await init(folder, "--yes", "--no-install");
    expect(stdout).toMatch(/^wrote +middleware\.ts$/m);
    const wrapped = readFileSync(join(folder, "middleware.ts"), "utf8");
    expect(wrapped).toContain('import { gate } from "./gate"');
    expect(wrapped).toMatch(/gate\.wrap\(/);
    expect([status, existsSync(join(folder, "proxy.ts"))]).toEqual([0, false]);
    expect((await init(folder, "--yes", "--no-install")).stdout).toContain("nothing to do");
  });

  test("headgate init says when the files are written and Headgate cannot be installed", async () => {
    const folder = madeApp(FILES);
    // A port on which no registry listens.
    writeFileSync(join(folder, ".npmrc"), "registry=http://127.0.0.1:1/\nfetch-retries=0\n");
    const { status, stderr } = await initProcess(folder, "--yes");
    expect(stderr).toContain("INIT_INSTALL_FAILED: The files are written, but Headgate is not");
    expect([status, isWritten(folder)]).toEqual([1, WRITTEN]);
  });
});

describe("headgate init in a terminal", () => {
  test.each([
    ["\n", WRITTEN],
    ["YES\n", WRITTEN],
    ["what\n", []],
    ["\u0004", []],
  ])("headgate init asks once, and interprets the answer %j", (typed, expected) => {
    const folder = madeApp(FILES);
    const { status, output } = inTerminal(folder, typed);
    expect(output.match(/Write these 4 files\? \[Y\/n\]/g)).toHaveLength(1);
    expect(output).toContain("\u001B[32m+");
    expect([status, isWritten(folder)]).toEqual([0, expected]);
    expect(output.includes("Nothing was written.")).toBe(expected.length === 0);
  });

  test("headgate init prints no colours with NO_COLOR", () => {
    const { output } = inTerminal(madeApp(FILES), "n\n", { NO_COLOR: "1" });
    expect(output).not.toContain("\u001B[32m");
  });
});
