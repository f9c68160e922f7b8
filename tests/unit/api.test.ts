import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Entry, examplesOf, firstSentence, readEntries } from "../support/api.ts";
import { ROOT } from "../support/app.ts";

const PAGE = join(ROOT, "docs", "reference", "api.md");
const ENTRIES = readEntries();
const VALUES = ENTRIES.flatMap(({ values }) => values);
const FUNCTIONS = VALUES.filter(({ isFunction }) => isFunction);

/** Returns the lists of an entry, as the page has them. */
function listsOf({ values, types }: Entry): string {
  const rows = values.map(({ signature, doc }) => `- \`${signature}\`  \n  ${firstSentence(doc)}`);
  const names = types.map((name) => `\`${name}\``).join(", ");
  return [...rows, ...(names ? [`\nTypes: ${names}.`] : [])].join("\n");
}

/** Returns the page's sections by their headings. Each begins with a sentence about its entry. */
function sectionsOf(page: string): ReadonlyMap<string, string> {
  const [, ...sections] = page.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const [heading = "", ...lines] = section.split("\n");
      return [heading, lines.join("\n")];
    }),
  );
}

test("docs/reference/api.md has a section for each entry of the package, and no other", () => {
  const headings = [...sectionsOf(readFileSync(PAGE, "utf8")).keys()];
  expect(headings.filter((heading) => heading.startsWith("headgate"))).toEqual(
    ENTRIES.map(({ name }) => name),
  );
});

test.each(ENTRIES.map((entry) => [entry.name, entry] as const))(
  "docs/reference/api.md has the values and types of %s as its source declares them",
  (name, entry) => {
    const section = sectionsOf(readFileSync(PAGE, "utf8")).get(name) ?? "";
    const [about = "", ...lists] = section.trim().split("\n\n- ");
    expect(about).toMatch(/^[A-Z].*\.$/s);
    expect(`- ${lists.join("\n\n- ")}`).toBe(listsOf(entry));
  },
);

test.each(ENTRIES.map((entry) => [entry.name, entry] as const))(
  "the source of %s declares the values that it exports when it runs",
  async (name, { values }) => {
    const exported = Object.keys((await import(name)) as object);
    expect(values.map((value) => value.name).toSorted()).toEqual(exported.toSorted());
  },
);

test("no name of a type is in two entries", () => {
  const types = ENTRIES.flatMap((entry) => entry.types);
  expect(types.toSorted()).toEqual([...new Set(types)].toSorted());
});

test("each exported value has a docstring that begins with a whole sentence", () => {
  const wrong = VALUES.filter(({ doc }) => !/^[A-Z].*[.]$/.test(firstSentence(doc)));
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test("the first sentence about a function begins with what it does", () => {
  const wrong = FUNCTIONS.filter(({ doc }) => !/^[A-Z][a-z]+s /.test(firstSentence(doc)));
  expect(wrong.map(({ name, doc }) => [name, firstSentence(doc)])).toEqual([]);
});

test("each exported function has an example that names it", () => {
  const wrong = FUNCTIONS.filter(
    ({ name, doc }) => !examplesOf(doc).some((code) => new RegExp(`\\b${name}\\b`).test(code)),
  );
  expect(wrong.map(({ name }) => name)).toEqual([]);
});
