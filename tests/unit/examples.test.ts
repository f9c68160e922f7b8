import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { examplesOf, firstSentence, readEntries } from "../support/api.ts";
import { ROOT } from "../support/app.ts";
import { complaintsOf } from "../support/compile.ts";
import { EXAMPLE_OPTIONS, moduleOf } from "../support/example-module.ts";
import { type Option, readOptions } from "../support/public-options.ts";

/** A folder within the tree, so that packages and `#lib/…` imports are found. */
const FOLDER = join(ROOT, ".headgate", `examples-${process.pid}`);

const ENTRIES = readEntries();
const VALUES = ENTRIES.flatMap((entry) => entry.values);
const OPTIONS = readOptions(join(FOLDER, "settings"));

/** The words by which a docstring says what a number counts. */
const UNIT =
  /\b(?:milliseconds|seconds|bytes|bits|units|requests|streams|scripts|commands|entries|keys|proxies|status|port|factor|number)\b/i;

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

function namesOf(options: readonly Option[]): readonly string[] {
  return options.map(({ name }) => name);
}

test("each public option has a docstring that begins with a whole sentence", () => {
  const wrong = OPTIONS.filter(({ text }) => !/^["A-Z].*[.]$/.test(firstSentence(text)));
  expect(namesOf(wrong)).toEqual([]);
});

test("the docstring of each public option that is a number names its unit", () => {
  const wrong = OPTIONS.filter(({ isNumber, text }) => isNumber && !UNIT.test(text));
  expect(namesOf(wrong)).toEqual([]);
});

test("the docstring of each public option that may be left out names its default", () => {
  const wrong = OPTIONS.filter(({ isOptional, defaults }) => isOptional && !defaults[0]);
  expect(namesOf(wrong)).toEqual([]);
});

test("each public option has an example that names it", () => {
  const wrong = OPTIONS.filter(
    ({ property, examples }) =>
      !examples.some((code) => new RegExp(`\\b${property}\\b`).test(code)),
  );
  expect(namesOf(wrong)).toEqual([]);
});

test("the examples of all public functions and options compile", () => {
  const documented = [
    ...VALUES.map(({ name, doc }) => ({ name, examples: examplesOf(doc) })),
    ...OPTIONS,
  ];
  for (const [i, { name, examples }] of documented.entries()) {
    for (const [at, code] of examples.entries()) {
      // Names may differ in case alone, but names of files must not.
      writeFileSync(join(FOLDER, `${i}-${name}-${at + 1}.ts`), moduleOf(code));
    }
  }
  const settings = {
    extends: "../../tsconfig.json",
    compilerOptions: EXAMPLE_OPTIONS,
    include: ["*.ts"],
    files: ["../../tests/fixtures/examples/context.ts"],
    exclude: [],
  };
  expect(complaintsOf(FOLDER, settings)).toBe("");
}, 120_000);
