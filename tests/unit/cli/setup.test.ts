import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";
import { expectNothingLeft, launch } from "../../support/launched.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

/** A clone without packages, and an npm that runs a script in the place of installing them. */
function setUp(script: string) {
  const root = cleanUp(mkdtempSync(join(tmpdir(), "headgate-setup-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  for (const file of ["cli/setup.mjs", "server/guard.mjs"]) {
    cpSync(join(ROOT, "lib", file), join(root, "lib", file));
  }
  mkdirSync(join(root, "bin"));
  writeFileSync(join(root, "bin", "npm"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(root, "bin", "npm"), 0o755);
  const env = { PATH: [join(root, "bin"), process.env["PATH"]].join(delimiter) };
  const started = launch(process.execPath, [join(root, "lib", "cli", "setup.mjs")], env, root);
  return cleanUp(started, (it) => it.remove());
}

test("a first run calls npm ci, prints what it prints and ends with its status", async () => {
  const failing = setUp('echo "npm $1: no network"; exit 3');
  expect(await failing.ended).toBe(3);
  expect(failing.output()).toContain("npm ci: no network\n");
  expect(failing.output()).toContain("headgate: npm ci failed");
  const good = setUp('echo "npm $1"');
  expect(await good.ended).toBe(0);
  expect(good.output()).not.toContain("failed");
  expect(good.temporary()).toEqual([]);
});

test.each(["SIGKILL", "SIGINT"] as const)(
  "a first run that ends by %s leaves no npm behind",
  async (signal) => {
    const setup = setUp('touch "$TMPDIR/file"; echo installing; sleep 600');
    await setup.printed(/^installing$/m);
    const started = setup.descendants();
    expect(started.length).toBeGreaterThan(1);
    setup.signalGroup(signal);
    await setup.ended;
    await expectNothingLeft(setup, started);
  },
);
