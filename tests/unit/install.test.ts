import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import vitestConfig from "../../vitest.config.ts";
import { launch } from "../support/launched.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const INSTALL = join(import.meta.dirname, "..", "support", "install.ts");

/** Runs the installation as this user, with only the named programs on the PATH. */
async function install(programs: Readonly<Record<string, string>>, user: number) {
  const PATH = cleanUp(mkdtempSync(join(tmpdir(), "headgate-install-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(PATH, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(PATH, name), 0o755);
  }
  const text = `
    process.getuid = () => ${user};
    const { installPrograms } = await import(${JSON.stringify(INSTALL)});
    await installPrograms().catch((error) => console.log(error.message));
  `;
  const args = ["--input-type=module", "--eval", text];
  const run = cleanUp(launch(process.execPath, args, { PATH }), (it) => it.remove());
  await run.ended;
  return run.output();
}

const REST = { "valkey-server": "", clang: "", "google-chrome": "" };
const NGINX = "install -y --no-install-recommends nginx-light";

test("programs that exist are not installed, and nothing is printed", async () => {
  const aptGet = 'echo "apt-get $*"';
  expect(await install({ ...REST, nginx: "", "apt-get": aptGet }, 0)).toBe("");
});

test("a missing program is installed by root, and apt-get's progress is printed", async () => {
  expect(await install({ ...REST, "apt-get": 'echo "apt-get $*"' }, 0)).toBe(
    `headgate: installing what the tests need with apt-get: nginx-light ...\napt-get update -q\napt-get ${NGINX} -q\n`,
  );
});

test("a failure of apt-get ends the installation with its command", async () => {
  const output = await install({ ...REST, "apt-get": "exit 100" }, 0);
  expect(output).toContain("apt-get update -q failed");
});

test("a user who may not install is told the command", async () => {
  const output = await install({ ...REST, "apt-get": "echo installed" }, 1000);
  expect(output).toBe(
    `The tests need nginx-light. On Debian or Ubuntu: sudo apt-get update && sudo apt-get ${NGINX}\n`,
  );
});

test("vitest installs the programs before the tests of any project", () => {
  expect(vitestConfig.test?.globalSetup).toBe("tests/support/install.ts");
});
