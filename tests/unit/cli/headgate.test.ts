import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { headgate } from "#lib/cli/commands";
import { ROOT } from "../../support/app.ts";
import { MACHINE } from "../../support/machine.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

afterEach(() => vi.restoreAllMocks());

/** Runs a program in this process. Returns its exit status and its output. */
async function run(work: () => Promise<number>) {
  const out = vi.spyOn(console, "log").mockImplementation(() => {});
  const err = vi.spyOn(console, "error").mockImplementation(() => {});
  const status = await work();
  const textOf = ({ mock }: typeof out) => mock.calls.map(([line]) => String(line)).join("\n");
  return { status, stdout: textOf(out), stderr: textOf(err) };
}

const FOLDER = join(ROOT, "lib", "cli", "commands");
const COMMANDS = globSync("*.ts", { cwd: FOLDER }).map((file) => basename(file, ".ts"));

describe("headgate", () => {
  test("headgate --help names every command and ends with 0", async () => {
    const { status, stdout } = await run(() => headgate(["--help"]));
    const named = [...stdout.matchAll(/^ {2}npx headgate ([a-z]+)/gm)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(COMMANDS));
    expect(status).toBe(0);
  });

  test("headgate without a command prints its help and ends with 2", async () => {
    const { status, stdout } = await run(() => headgate([]));
    expect(stdout).toContain("npx headgate check");
    expect(status).toBe(2);
  });

  test.each(["chekc", "toString", "--json"])(
    "headgate %s is not a command and ends with 2 and the help",
    async (name) => {
      const { status, stderr } = await run(() => headgate([name]));
      expect(stderr).toMatch(new RegExp(`^CLI_USAGE: "${name}" is not a command\\.`));
      expect(stderr).toContain("npx headgate check");
      expect(status).toBe(2);
    },
  );

  test.each([
    ["chekc", ' Did you mean "headgate check"?'],
    ["deploy", ""],
  ])(
    "the error of headgate %s suggests the closest command, if there is one",
    async (name, hint) => {
      const { stderr } = await run(() => headgate([name]));
      expect(stderr.split("\n")[0]).toBe(`CLI_USAGE: "${name}" is not a command.${hint}`);
    },
  );

  test.each(["--version", "-v"])("headgate %s prints the version", async (flag) => {
    const manifest = readFileSync(join(ROOT, "lib", "package.json"), "utf8");
    const { version } = JSON.parse(manifest) as { readonly version: string };
    expect(await run(() => headgate([flag]))).toEqual({ status: 0, stdout: version, stderr: "" });
  });
});

describe.each(COMMANDS)("headgate %s", (name) => {
  test("the command prints only its help with --help", async () => {
    const { status, stdout, stderr } = await run(() => headgate([name, "--help"]));
    expect(stdout).toContain(`npx headgate ${name}`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("the command ends with 2 and its help for an unknown option", async () => {
    const { status, stderr } = await run(() => headgate([name, "--colour"]));
    expect(stderr).toMatch(
      `CLI_USAGE: Unknown option '--colour': "headgate ${name} --colour" is not a command.`,
    );
    expect(stderr).toContain(`npx headgate ${name}`);
    expect(status).toBe(2);
  });

  test("the command rejects one argument too many", async () => {
    const words = ["a.ts", "b.ts", "c.ts"];
    const { status, stderr } = await run(() => headgate([name, ...words]));
    expect(stderr).toMatch(
      /^CLI_USAGE: Unexpected argument "[abc]\.ts": ".* a\.ts b\.ts c\.ts" is not a command\./,
    );
    expect(status).toBe(2);
  });
});

describe.each(["check", "audit", "start", "dev", "build"])("headgate %s", (name) => {
  test("the command names a missing policy file and ends with 2", async () => {
    const { status, stderr } = await run(() => headgate([name, "none.ts"]));
    expect(stderr).toMatch(/^CLI_USAGE: There is no file .*none\.ts\./);
    expect(status).toBe(2);
  });

  test("the command names a folder that is given as policy file and ends with 2", async () => {
    const { status, stderr } = await run(() => headgate([name, "lib"]));
    expect(stderr).toMatch(/^CLI_USAGE: There is no file .*lib\./);
    expect(status).toBe(2);
  });
});

test.each([[["--dir"]], [["--dir", "--json"]]])(
  "headgate audit %j needs a folder",
  async (args) => {
    const { status, stderr } = await run(() => headgate(["audit", ...args]));
    expect(stderr).toContain("Option '--dir' needs a value");
    expect(status).toBe(2);
  },
);

const folder = () =>
  cleanUp(mkdtempSync(join(tmpdir(), "headgate-empty-")), (it) => rmSync(it, { recursive: true }));

describe.each(["dev", "start"])("where headgate %s listens", (name) => {
  test.each([
    [["--port", "30o0"], "--port must be a whole number from 0 to 65535."],
    [["--port=-1"], "--port must be a whole number from 0 to 65535."],
    [["-p", "65536"], "--port must be a whole number from 0 to 65535."],
    [["-p"], "Option '--port' needs a value"],
    [["--port="], "Option '--port' needs a value"],
    [["--no-hostname"], "Option '--hostname' needs a value"],
    [["--hostname", "[::1]"], "--hostname must be an IP address or a host name, without quotes"],
    [["-H", "two words"], "--hostname must be an IP address or a host name, without quotes"],
  ])("the arguments %j end with 2 and the reason", async (args, why) => {
    const { status, stderr } = await run(() => headgate([name, ...args]));
    expect(stderr.split("\n")[0]).toContain(`CLI_USAGE: ${why}`);
    expect(status).toBe(2);
  });
});

describe("the options of headgate start that say where it listens", () => {
  // A port in use is named in the error, which shows where the command would listen.
  test.each([
    ["--port", "--hostname"],
    ["-p", "-H"],
  ])("%s and %s win over PORT and HOST", async (port, hostname) => {
    const taken = cleanUp(createServer().listen(0, "127.0.0.1"), (it) => it.close());
    await once(taken, "listening");
    const address = taken.address();
    const number = typeof address === "object" && address ? String(address.port) : "";
    const bin = join(ROOT, "lib", "cli", "headgate.ts");
    const { status, stderr } = spawnSync(
      process.execPath,
      [bin, "start", port, number, hostname, "127.0.0.1"],
      {
        cwd: folder(),
        encoding: "utf8",
        env: { ...MACHINE, NODE_ENV: "production", PORT: "0", HOST: "::1" },
      },
    );
    expect(stderr).toContain(`Cannot listen on 127.0.0.1, port ${number}: it is in use.`);
    expect(status).toBe(1);
  });
});

describe("in a folder without a Next app", () => {
  test("headgate build without a Next app ends with 1 and says what is missing", async () => {
    vi.spyOn(process, "cwd").mockReturnValue(folder());
    const { status, stdout, stderr } = await run(() => headgate(["build"]));
    expect(stdout).toContain("not checked: there is no file config/rate-limits.ts");
    expect(stderr).toMatch(/^BUILD_FAILED: There is no Next\.js in /);
    expect(status).toBe(1);
  });

  test("headgate dev without a Next app ends with 2 and says what is missing", async () => {
    vi.spyOn(process, "cwd").mockReturnValue(folder());
    const { status, stderr } = await run(() => headgate(["dev"]));
    expect(stderr).toMatch(/^CLI_USAGE: There is no folder app or pages in .*, or in its src: /);
    expect(status).toBe(2);
  });

  // Runs in a separate process, because the command ends its process.
  test("headgate start without a Next app tries to build and ends with 1", () => {
    const args = [join(ROOT, "lib", "cli", "headgate.ts"), "start"];
    const options = {
      cwd: folder(),
      encoding: "utf8",
      env: { ...MACHINE, NODE_ENV: "production", PORT: "0" },
    } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
    expect(stdout).toMatch(/^building the app, because nothing is built yet/);
    expect(stderr).toMatch(/^BUILD_FAILED: There is no Next\.js in .*\n$/);
    expect(status).toBe(1);
  });
});
