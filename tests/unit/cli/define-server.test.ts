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

test("without a file there are no parts", async () => {
  expect(await loadServerParts(undefined)).toEqual({});
});

test("the parts of a file are what it exports by default", async () => {
  const parts = await loadServerParts(fileWith("export default { companions: [] };\n"));
  expect(parts).toEqual(defineServer({ companions: [] }));
});

test.each([
  ["exports nothing by default", "export const companions = [];\n", "must export its parts"],
  ["throws", 'throw new Error("no disk");\n', "cannot be loaded: no disk"],
])("a file that %s is an error that names it", async (_, text, expected) => {
  const loading = loadServerParts(fileWith(text));
  await expect(loading).rejects.toMatchObject({
    code: "CLI_USAGE",
    message: expect.stringContaining(expected) as string,
  });
});

test("a file that is not there is an error that names it", async () => {
  await expect(loadServerParts("nowhere.mjs")).rejects.toMatchObject({
    code: "CLI_USAGE",
    message: expect.stringContaining("nowhere.mjs") as string,
  });
});
