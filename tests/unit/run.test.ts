import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../support/app.ts";
import { expectNothingLeft, launch } from "../support/launched.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

/** A script that installs what npm ci would: a record, the Node that runs commands, and a program. */
const INSTALL = `
  mkdir -p node_modules/.bin node_modules/node/bin
  ln -s '${process.execPath}' node_modules/node/bin/node
  ln -s ../node/bin/node node_modules/.bin/node
  echo 'console.log("tool", ...process.argv.slice(2))' > node_modules/tool.cjs
  ln -s ../tool.cjs node_modules/.bin/tool
  cp package-lock.json node_modules/.package-lock.json
`;

/** A Node before 22.15 cannot become another program. */
const WITHOUT_EXECVE = ["--import", "data:text/javascript,process.execve = undefined"];

/** Makes a clone without packages, in a folder whose name has a blank. */
function makeClone(keep = cleanUp) {
  const folder = keep(mkdtempSync(join(tmpdir(), "headgate-run-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  const root = join(folder, "a clone");
  for (const part of [
    "config/run.mjs",
    "config/install.mjs",
    "config/with-npm.mjs",
    "lib/server/guard.mjs",
  ]) {
    cpSync(join(ROOT, part), join(root, part), { recursive: true });
  }
  const lock = (version: string) =>
    writeFileSync(
      join(root, "package-lock.json"),
      JSON.stringify({ packages: { "": {}, "node_modules/tool": { version } } }),
    );
  lock("1.0.0");
  mkdirSync(join(root, "bin"));
  return {
    root,
    lock,
    /** Replaces npm by a script, so that nothing is installed from the network. */
    fakeNpm(script: string) {
      writeFileSync(join(root, "bin", "npm"), `#!/bin/sh\n${script}\n`);
      chmodSync(join(root, "bin", "npm"), 0o755);
    },
    run(args: readonly string[], first: readonly string[] = []) {
      const env = { PATH: [join(root, "bin"), process.env["PATH"]].join(delimiter) };
      const file = join(root, "config", "run.mjs");
      return cleanUp(launch(process.execPath, [...first, file, ...args], env, root), (it) =>
        it.remove(),
      );
    },
  };
}

describe("a first run", () => {
  test("a first run calls npm ci, passes on its output, and ends with its status when it fails", async () => {
    const clone = makeClone();
    clone.fakeNpm('echo "npm $1: no network"; exit 3');
    const failing = clone.run(["tool"]);
    expect(await failing.ended).toBe(3);
    expect(failing.output()).toContain("npm ci: no network\n");
    expect(failing.output()).toContain("headgate: npm ci failed");
    clone.fakeNpm(`echo "npm $1"; ${INSTALL}`);
    const good = clone.run(["tool", "--flag", "two words"]);
    expect(await good.ended).toBe(0);
    expect(good.output()).not.toContain("failed");
    expect(good.output()).toContain("npm ci\ntool --flag two words\n");
    expect(good.temporary()).toEqual([]);
  });

  test.each(["SIGKILL", "SIGINT"] as const)(
    "a first run that ends by %s leaves no npm behind",
    async (signal) => {
      const clone = makeClone();
      clone.fakeNpm('touch "$TMPDIR/file"; echo installing; sleep 600');
      const setup = clone.run(["tool"]);
      await setup.printed(/^installing$/m);
      const started = setup.descendants();
      expect(started.length).toBeGreaterThan(1);
      setup.signalGroup(signal);
      await setup.ended;
      await expectNothingLeft(setup, started);
    },
  );
});

test("npm ci runs again only when package-lock.json names packages that are not installed", async () => {
  const clone = makeClone();
  clone.fakeNpm(`echo "npm $1"; rm -rf node_modules; ${INSTALL}`);
  const outputs: string[] = [];
  for (const version of ["1.0.0", "1.0.0", "1.0.1"]) {
    clone.lock(version);
    const tool = clone.run(["tool"]);
    expect(await tool.ended).toBe(0);
    outputs.push(tool.output());
  }
  expect(outputs.map((output) => output.includes("npm ci"))).toEqual([true, false, true]);
});

test("a program that is not installed ends with 127, and Node 24 is used when npm installed no Node", async () => {
  const clone = makeClone();
  clone.fakeNpm(`${INSTALL} rm -r node_modules/node`);
  const missing = clone.run(["vitest"]);
  expect(await missing.ended).toBe(127);
  expect(missing.output()).toContain("does not exist");
  const tool = clone.run(["tool", "again"]);
  expect(await tool.ended).toBe(0);
  expect(tool.output()).toBe("tool again\n");
});

test("every script of package.json runs by the dispatcher, and its last command replaces the shell", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const { check = "", ...rest } = scripts;
  expect(check.split(" && ").filter((one) => !one.startsWith("npm run --silent "))).toEqual([]);
  const dispatched =
    /^(?:node config\/run\.mjs \S[^&|;]* && )?exec node config\/run\.mjs \S[^&|;]*$/;
  expect(Object.values(rest).filter((script) => !dispatched.test(script))).toEqual([]);
  expect(
    Object.keys(rest).filter((name) => scripts[name.replace(/^pre/, "")] && name.startsWith("pre")),
  ).toEqual([]);
});

/** A server that prints its arguments, and ends with 7 after a signal. */
const SERVER = `
  import { createServer } from "node:http";
  const server = createServer();
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      console.log("heard", signal);
      server.close(() => setTimeout(() => process.exit(7), 100));
    });
  }
  const { HEADGATE_PARENT = "untold", PATH } = process.env;
  const given = [process.execPath, PATH.split(${JSON.stringify(delimiter)})[0], HEADGATE_PARENT];
  server.listen(0, "127.0.0.1", () => console.log(JSON.stringify([...given, ...process.argv.slice(2)])));
`;

const heard = (output: string) => output.match(/^heard .*$/gm);

describe.each([
  ["becomes the command", []],
  ["waits for the command, as under Node 20", WITHOUT_EXECVE],
])("npm start when the dispatcher %s", (_, first) => {
  let root = "";
  const remaining = scope(afterAll);

  beforeAll(async () => {
    const clone = makeClone(remaining);
    clone.fakeNpm(INSTALL);
    await clone.run(["tool"]).ended;
    const words = first.map((word) => JSON.stringify(word)).join(" ");
    const start = `exec node ${words} config/run.mjs server.mjs`;
    writeFileSync(join(clone.root, "package.json"), JSON.stringify({ scripts: { start } }));
    writeFileSync(join(clone.root, "server.mjs"), SERVER);
    ({ root } = clone);
  });

  async function serve() {
    const args = ["start", "--", "--port=1", "two words"];
    const npm = cleanUp(launch("npm", args, {}, root), (it) => it.remove());
    const [given] = await npm.printed(/^\[.*\]$/m);
    return { npm, given: JSON.parse(given) as unknown, started: npm.descendants() };
  }

  test.each(["SIGTERM", "SIGINT"] as const)(
    "npm start ends with the server's status when npm alone gets %s",
    async (signal) => {
      const { npm, given, started } = await serve();
      const programs = join(root, "node_modules", ".bin");
      expect(given).toEqual([process.execPath, programs, "untold", "--port=1", "two words"]);
      npm.signal(signal);
      expect(await npm.ended).toBe(7);
      expect(heard(npm.output())).toEqual([`heard ${signal}`]);
      await expectNothingLeft(npm, started);
    },
  );

  test.each(["SIGHUP", "SIGKILL"] as const)(
    "npm start stops the server when npm alone gets %s, which npm does not forward",
    async (signal) => {
      const { npm, started } = await serve();
      npm.signal(signal);
      await npm.ended;
      await expectNothingLeft(npm, started);
      expect(heard(npm.output())).toEqual(["heard SIGTERM"]);
    },
  );

  test("the server gets one Ctrl-C once, although npm forwards it too", async () => {
    const { npm } = await serve();
    npm.signalGroup("SIGINT");
    expect(await npm.ended).toBe(7);
    expect(heard(npm.output())).toEqual(["heard SIGINT"]);
  });
});
