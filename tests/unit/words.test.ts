import { describe, expect, test } from "vitest";
import { findingsIn, longSubjects } from "../house/words/findings.ts";

const placesIn = (file: string, source: string) =>
  findingsIn(file, source).map(({ at, found }) => `${at} ${found}`);

describe("findingsIn", () => {
  test("finds a habit in comments of every kind", () => {
    const source = [
      "// Denies whoever comes next.",
      "/** Nobody reads it. */",
      "/* A thing of its own. */",
      "export const a = 1; // there is none",
    ].join("\n");
    expect(placesIn("a.ts", source)).toEqual([
      "a.ts:1 whoever",
      "a.ts:2 Nobody",
      "a.ts:3 of its own",
      "a.ts:4 is none",
    ]);
  });

  test("finds a habit in strings of several words, templates and the text of a page", () => {
    const source = [
      'throw new Error("somebody has it");',
      "console.log(`the lock of ${name} is gone`);",
      "const page = <p>It has no room</p>;",
    ].join("\n");
    expect(placesIn("a.tsx", source)).toEqual([
      "a.tsx:1 somebody",
      "a.tsx:2 is gone",
      "a.tsx:3 has no room",
    ]);
  });

  test("does not read code, names and strings of one word as sentences", () => {
    expect(placesIn("a.ts", 'const nobody = values["nobody"] ?? whoever;')).toEqual([]);
  });

  test("finds how a comment begins, also in its later paragraphs' lines", () => {
    expect(placesIn("a.ts", "/** Says whether it built. */")).toEqual(["a.ts:1 Says"]);
    expect(placesIn("a.ts", "/** Of two that start, one wins. */")).toEqual(["a.ts:1 Of two"]);
    expect(placesIn("a.ts", "/** The caller says whether it built. */")).toEqual([]);
  });

  test("finds a comment's sentence of more than 40 words, over its lines and without its example", () => {
    const words = (count: number) => Array.from({ length: count }, () => "word").join("\n * ");
    expect(findingsIn("a.ts", `/**\n * ${words(40)}.\n * ${words(40)}.\n */`)).toEqual([]);
    expect(placesIn("a.ts", `/**\n * ${words(41)}.\n */`)).toEqual([
      "a.ts:1 word word word word word word … (41 words)",
    ]);
    expect(findingsIn("a.ts", `/**\n * Adds.\n *\n * @example\n * ${words(60)}\n */`)).toEqual([]);
  });

  test("reads the lines of a page without its code", () => {
    const page = ["# Title", "", "- for whoever asks, `nobody`", "", "```ts", "nobody();", "```"];
    expect(placesIn("a.md", page.join("\n"))).toEqual(["a.md:3 whoever"]);
  });

  test("says what to write instead", () => {
    expect(findingsIn("a.md", "Nobody knows.")).toEqual([
      { at: "a.md:1", found: "Nobody", instead: expect.stringMatching(/^Name who it is/) },
    ]);
  });
});

test("longSubjects finds subjects of more than 72 characters", () => {
  const longest = `limit: ${"a".repeat(65)}`;
  expect(longSubjects([longest])).toEqual([]);
  expect(longSubjects([`${longest}b`])).toMatchObject([{ at: "commit", found: `${longest}b` }]);
});
