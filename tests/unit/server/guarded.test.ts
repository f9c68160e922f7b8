import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startGuarded, temporaryFolder } from "#lib/server/guarded";
import { expectNothingLeft, launch } from "../../support/launched.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();
const LIB = join(import.meta.dirname, "..", "..", "..", "lib", "server");

/** A program that uses its temporary folder, starts another program, and runs for ever. */
const FAMILY = `
  const { spawn } = require("node:child_process");
  const { mkdtempSync } = require("node:fs");
  mkdtempSync(require("node:path").join(require("node:os").tmpdir(), "made-"));
  const forever = "console.log('both run'); setInterval(() => {}, 1000)";
  spawn(process.execPath, ["-e", forever], { stdio: "inherit" });
  setInterval(() => {}, 1000);
`;

/** Starts a process of this Node that runs the text as a module. */
function run(text: string, cwd: string) {
  const args = ["--input-type=module", "--eval", text];
  return cleanUp(launch(process.execPath, args, {}, cwd), (it) => it.remove());
}

function folder(): string {
  return cleanUp(mkdtempSync(join(tmpdir(), "headgate-guarded-")), (it) =>
    rmSync(it, { recursive: true }),
  );
}

/** Returns a program that locks a folder and runs {@link FAMILY} as its build. */
const building = (root: string) => `
  import { runBuild } from ${JSON.stringify(join(LIB, "build.ts"))};
  import { buildOnce } from ${JSON.stringify(join(LIB, "..", "..", "app", "_programs", "build-once.ts"))};
  import { exitOnStopSignal } from ${JSON.stringify(join(LIB, "drain.ts"))};
  exitOnStopSignal();
  const root = ${JSON.stringify(root)};
  const work = () => runBuild(root, ["-e", ${JSON.stringify(FAMILY)}]);
  await buildOnce(root, console.log, { sources: ["*.ts"], stamp: "stamp", saying: "building", work });
`;

async function startBuild() {
  const root = folder();
  const build = run(building(root), root);
  // The program, the one that it started, and the guard of both.
  await expect.poll(() => build.descendants().length).toBe(3);
  return { build, root, started: build.descendants() };
}

test("a killed process leaves no process of its build and no temporary folder behind", async () => {
  const { build, started } = await startBuild();
  expect(build.temporary()).toHaveLength(1);
  build.signal("SIGKILL");
  await build.ended;
  await expectNothingLeft(build, started);
});

test("a build that is stopped by Ctrl-C leaves no process, no temporary folder and no lock behind", async () => {
  const { build, root, started } = await startBuild();
  expect(existsSync(join(root, ".headgate-build.lock"))).toBe(true);
  build.signalGroup("SIGINT");
  expect(await build.ended).toBe(1);
  expect(build.temporary()).toEqual([]);
  expect(existsSync(join(root, ".headgate-build.lock"))).toBe(false);
  expect(build.output()).toBe("building\n");
  await expectNothingLeft(build, started);
});

test("a guard ignores the signals of a terminal or a service, and ends with its process", async () => {
  const { build, started } = await startBuild();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.kill(started[0]?.pid ?? 0, signal);
  }
  expect(build.descendants()).toEqual(started);
  build.signal("SIGKILL");
  await build.ended;
  await expectNothingLeft(build, started);
});

test("startGuarded passes on a program's status and output, and removes its folder when it has ended", async () => {
  const at = temporaryFolder();
  const text = `
    require("node:fs").writeFileSync(require("node:os").tmpdir() + "/file", "");
    console.log(require("node:os").tmpdir());
    console.error("no"), process.exit(7)`;
  const program = startGuarded(process.execPath, ["-e", text], { folder: at });
  let output = "";
  for (const stream of program.output) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  expect(await program.ended).toBe(7);
  expect(output.split("\n").toSorted()).toEqual(["", at, "no"]);
  expect(existsSync(at)).toBe(false);
});

test("stop kills a program, and removes its folder", async () => {
  const at = temporaryFolder();
  const program = startGuarded(process.execPath, ["-e", FAMILY], { folder: at });
  await expect.poll(() => existsSync(at)).toBe(true);
  await program.stop();
  expect(existsSync(at)).toBe(false);
  await program.stop();
});

test("a program that cannot be started ends with 1 and the reason", async () => {
  const file = join(folder(), "no-program");
  writeFileSync(file, "");
  const program = startGuarded(file, []);
  let output = "";
  program.output[1].on("data", (chunk: Buffer) => (output += chunk.toString()));
  expect(await program.ended).toBe(1);
  expect(output).toContain("EACCES");
});

test("the guard imports only modules of Node", () => {
  const text = readFileSync(join(LIB, "guard.mjs"), "utf8");
  const imported = [...text.matchAll(/from "(.*)"/g)].map(([, name]) => name);
  expect(imported).toEqual(["node:child_process", "node:fs"]);
});
