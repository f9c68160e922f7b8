import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { loadEnvFiles, setForGood } from "#lib/server/env-files";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

const NAMES = ["HEADGATE_TEST_STORE", "HEADGATE_TEST_FILE"];

afterEach(() => {
  for (const name of NAMES) delete process.env[name];
});

/** Reads the files again, as Next does in development when one of them changes. */
function reload(root: string): void {
  const next = createRequire(import.meta.url).resolve("next/package.json");
  const env = createRequire(next)("@next/env") as {
    loadEnvConfig(root: string, dev: boolean, log: Console, forceReload: boolean): unknown;
  };
  env.loadEnvConfig(root, true, console, true);
}

test("variables that our server sets stay when Next reads the files again, and the others are updated", () => {
  const root = cleanUp(mkdtempSync(join(tmpdir(), "headgate-env-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  const { NODE_ENV } = process.env;
  writeFileSync(join(root, ".env"), "HEADGATE_TEST_STORE=file\nHEADGATE_TEST_FILE=before\n");
  loadEnvFiles(root, "development");
  expect(NAMES.map((name) => process.env[name])).toEqual(["file", "before"]);
  expect(process.env.NODE_ENV).toBe(NODE_ENV);

  setForGood(root, { HEADGATE_TEST_STORE: "ours", HEADGATE_TEST_UNSET: undefined });
  expect(process.env).not.toHaveProperty("HEADGATE_TEST_UNSET");
  writeFileSync(join(root, ".env"), "HEADGATE_TEST_STORE=file\nHEADGATE_TEST_FILE=after\n");
  reload(root);
  expect(NAMES.map((name) => process.env[name])).toEqual(["ours", "after"]);
});
