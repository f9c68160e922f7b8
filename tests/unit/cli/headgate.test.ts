import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { headgate } from "#lib/cli/commands";
import { defineProgram } from "#lib/cli/program";
import { HeadgateError } from "#lib/core/errors";
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

const { bin } = JSON.parse(readFileSync(join(ROOT, "lib", "package.json"), "utf8")) as {
  readonly bin: { readonly headgate: string };
};
const BIN = join(ROOT, "lib", bin.headgate);

describe("headgate", () => {
  test("headgate is the bin of the package, and its first line makes it executable", () => {
    expect(existsSync(BIN)).toBe(true);
    expect(readFileSync(BIN, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(statSync(BIN).mode & 0o111).toBe(0o111);
  });

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

describe("the bin in an app", () => {
  /** Makes an app in a folder whose name has a space, with the package where npm installs it. */
  function app(put: (from: string, to: string) => void) {
    const root = join(
      cleanUp(mkdtempSync(join(tmpdir(), "headgate-bin-")), (it) =>
        rmSync(it, { recursive: true }),
      ),
      "an app",
    );
    mkdirSync(join(root, "node_modules"), { recursive: true });
    put(join(ROOT, "lib"), join(root, "node_modules", "headgate"));
    return (...nodeArgs: readonly string[]) => {
      const file = join(root, "node_modules", "headgate", bin.headgate);
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...nodeArgs, file, "--help"],
        {
          cwd: root,
          encoding: "utf8",
          env: { ...MACHINE, NODE_ENV: "production" },
        },
      );
      return { status, stdout, stderr };
    };
  }
  const linked = () => app((from, to) => symlinkSync(from, to));

  test("the bin runs the commands of a linked package", () => {
    expect(linked()()).toMatchObject({
      status: 0,
      stderr: "",
      stdout: expect.stringContaining("npx headgate check") as string,
    });
  });

  test("the bin names the Node version that it needs when Node runs no TypeScript, such as Node 20", () => {
    expect(linked()("--no-strip-types")).toEqual({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(/^NODE_UNSUPPORTED: .* Node 22\.18 or later.*\n$/) as string,
    });
  });

  test("the bin says how to install a package that was copied into node_modules", () => {
    const copied = app((from, to) => {
      mkdirSync(join(to, "cli"), { recursive: true });
      cpSync(join(from, bin.headgate), join(to, bin.headgate));
    });
    expect(copied()).toEqual({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(/^NODE_UNSUPPORTED: .*npm install \.\/lib\.\n$/) as string,
    });
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

test("defineProgram accepts an option of two words", async () => {
  const found: unknown[] = [];
  const aside = defineProgram({
    name: "aside",
    help: "aside --set-aside",
    args: { "set-aside": { type: "boolean" } },
    run: async (given) => void found.push(given["set-aside"]),
  });
  expect(await aside(["--set-aside"])).toBe(0);
  expect(found).toEqual([true]);
});

describe("a program", () => {
  const failing = (error: Error, failed?: 1 | 2) => {
    const run = async () => {
      throw error;
    };
    return defineProgram({ name: "fail", help: "fail", args: {}, failed, run });
  };

  test("defineProgram prints a HeadgateError without a stack, and other errors with it", async () => {
    const ours = new HeadgateError("STORE_NOT_FOUND", "There is no store.");
    expect(await run(() => failing(ours)([]))).toMatchObject({
      status: 1,
      stderr: "STORE_NOT_FOUND: There is no store.",
    });
    vi.restoreAllMocks();
    const print = vi.spyOn(console, "error").mockImplementation(() => {});
    const other = new TypeError("x is not a function");
    expect(await failing(other, 2)([])).toBe(2);
    // Node prints the stack of an error object.
    expect(print.mock.calls).toEqual([[other]]);
  });
});
