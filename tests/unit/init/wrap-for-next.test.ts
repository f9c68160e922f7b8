import { mkdirSync, rmSync, writeFileSync, cpSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { getPagesPageStaticInfo } from "next/dist/build/analysis/get-page-static-info.js";
import { installBindings } from "next/dist/build/swc/install-bindings.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";
import { complaintsOf } from "../../support/compile.ts";
import { MIDDLEWARE_FORMS } from "../../support/middleware-forms.ts";

const FOLDER = join(ROOT, ".headgate", `forms-${process.pid}`);
const fixture = join(ROOT, "tests", "fixtures", "wrapped");

const FORMS = MIDDLEWARE_FORMS.map(({ file, ...form }, index) => ({
  ...form,
  before: join(FOLDER, "before", String(index), basename(file)),
  after: join(FOLDER, "after", String(index), basename(file)),
}));
/** Next does not analyze a CommonJS module. */
const MODULES = FORMS.filter(({ source }) => !/\bexports\b/.test(source));

beforeAll(async () => {
  // This loads the parser that Next needs.
  await installBindings();
  for (const { before, after, source, wrapped } of FORMS) {
    for (const [path, text] of [
      [before, source],
      [after, wrapped],
    ] as const) {
      mkdirSync(dirname(path), { recursive: true });
      cpSync(fixture, dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Returns what Next reads from the source of a file. Throws when Next finds no function to run. */
async function readByNext(path: string) {
  const page = basename(path).startsWith("proxy") ? "/proxy" : "/middleware";
  const read = await getPagesPageStaticInfo({
    pageFilePath: path,
    nextConfig: {},
    isDev: false,
    page,
    pageType: "pages",
  } as unknown as Parameters<typeof getPagesPageStaticInfo>[0]);
  const { matchers, ...others } = read.middleware ?? {};
  const sources = matchers?.map(({ originalSource }) => originalSource);
  return { sources, others, runtime: read.runtime };
}

test.each(MODULES)("Next 16 runs $name on every path after wrapping", async (form) => {
  const { sources } = await readByNext(form.after);
  const everyPath = "/((?!_next/static/).*)";
  expect(sources).toEqual(form.source.includes("matcher") ? [everyPath] : undefined);
});

test.each(MODULES.filter(({ onlyNext15 }) => !onlyNext15))(
  "Next reads all other settings of $name as before wrapping",
  async (form) => {
    const { sources: _, ...before } = await readByNext(form.before);
    expect(await readByNext(form.after)).toMatchObject(before);
  },
);

test.each(FORMS.filter(({ onlyNext15 }) => onlyNext15))(
  "Next 16 rejects $name before wrapping",
  async (form) => {
    await expect(readByNext(form.before)).rejects.toThrow("must export a function");
  },
);

test("every form compiles under the same strict settings after wrapping", () => {
  expect(
    complaintsOf(FOLDER, {
      extends: "../../tsconfig.json",
      compilerOptions: { incremental: false, tsBuildInfoFile: null },
      include: ["*/*/middleware.ts", "*/*/proxy.ts"],
      exclude: [],
    }),
  ).toBe("");
});
