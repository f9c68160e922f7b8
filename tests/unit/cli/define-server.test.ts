import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defineServer, loadServerParts } from "#lib/cli/define-server";
import { write } from "../../package/world.ts";
import { scope } from "../../support/scope.ts";

const cleanUp = scope();

function fileWith(text: string): string {
  const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-server-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  write(folder, { "server.mjs": text });
  return join(folder, "server.mjs");
}

test("loadServerParts returns no parts without a file", async () => {
  expect(await loadServerParts(undefined)).toEqual({});
});

test("loadServerParts returns the default export of a file", async () => {
  const parts = await loadServerParts(fileWith("export default { companions: [] };\n"));
  expect(parts).toEqual(defineServer({ companions: [] }));
});

test.each([
  ["has no default export", "export const companions = [];\n", "must export its parts"],
  ["throws", 'throw new Error("no disk");\n', "cannot be loaded: no disk"],
])("loadServerParts throws an error that names a file that %s", async (_, text, expected) => {
  const loading = loadServerParts(fileWith(text));
  await expect(loading).rejects.toMatchObject({
    code: "CLI_USAGE",
    message: expect.stringContaining(expected) as string,
  });
});

test("loadServerParts throws an error that names a missing file", async () => {
  await expect(loadServerParts("nowhere.mjs")).rejects.toMatchObject({
    code: "CLI_USAGE",
    message: expect.stringContaining("nowhere.mjs") as string,
  });
});
