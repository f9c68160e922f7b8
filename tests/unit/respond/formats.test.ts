import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { GATE_VARIABLES } from "#lib/gate-variables";
import { EXPOSED, FORMATS } from "#lib/respond/headers";
import { ROOT } from "../../support/app.ts";
import { formatTable } from "../../support/format-table.ts";

const FOLDER = join(ROOT, "lib", "respond", "headers");
const read = (...path: string[]) => readFileSync(join(...path), "utf8");

describe("the registry of header formats", () => {
  test("the registry has a line for each file that defines a format, in alphabetical order", () => {
    const defining = readdirSync(FOLDER).filter((file) =>
      /: HeaderFormat<"/.test(read(FOLDER, file)),
    );
    const lines = read(FOLDER, "registry.ts").match(/^export .*$/gm);
    const constant = (name: string) => name.toUpperCase().replaceAll("-", "_");
    const names = defining.map((file) => file.replace(/\.ts$/, "")).toSorted();
    expect(lines).toEqual(names.map((name) => `export { ${constant(name)} } from "./${name}.ts";`));
    expect(FORMATS.map(({ name }) => name)).toEqual(names);
  });

  test("the formats determine the headers that a page may read, and the values of the variable", () => {
    expect(EXPOSED).toBe(
      "RateLimit, RateLimit-Policy, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset",
    );
    const { mustBe, read: readText } = GATE_VARIABLES.HEADGATE_LEGACY_HEADERS;
    expect(mustBe).toBe("0, 1 or only");
    expect(["0", "1", "only", "true", "toString"].map(readText)).toEqual([
      false,
      true,
      "only",
      undefined,
      undefined,
    ]);
  });

  test("docs/reference/headers.md has the table of the formats", async () => {
    expect(read(ROOT, "docs", "reference", "headers.md")).toContain(
      `\n\n${await formatTable()}\n\n`,
    );
  });
});
