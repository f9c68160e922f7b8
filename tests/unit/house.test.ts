import { expect, test } from "vitest";
import { cyclesOf } from "../house/cycles.ts";
import { functionsOf } from "../house/functions.ts";
import { importsOf } from "../house/imports.ts";
import { inspect, type Report } from "../house/inspect.ts";
import { render } from "../house/render.ts";
import { filesOnWay, filesOnWholeWay } from "../house/request-way.ts";

const NO_WAYS = { gate: [], whole: [] };

/** A house of the given files, whose package.json files list nothing. */
function houseOf(files: Readonly<Record<string, string>>): Report {
  return inspect({ files: new Map(Object.entries(files)), sample: {}, lib: {} });
}

test("importsOf finds every way to import, together and alone", () => {
  const ways: readonly (readonly [string, string | undefined])[] = [
    ['import a from "a";', "a"],
    ['import type { B } from "b";', "b"],
    ['import "c";', "c"],
    ['export * from "d";', "d"],
    ['export type { E } from "e";', "e"],
    ['const f = await import("f");', "f"],
    ["const g = await import(`g`);", "g"],
    ['type H = import("h").H;', "h"],
    ['import i = require("i");', "i"],
    ['const j = require("j");', "j"],
    ["const k = await import(a.b);", undefined],
    ['export { l, m as n } from "l";', "l"],
    ['export * as o from "o";', "o"],
    ['export {} from "p";', "p"],
    ['const q = await import /* later */ ("q");', "q"],
    ['declare module "r" { import s from "s"; }', "s"],
  ];
  const source = ways.map(([text]) => text).join("\n");
  expect(importsOf("x.ts", source)).toEqual(
    ways.map(([, specifier], i) => ({ specifier, line: i + 1 })),
  );
  for (const [text, specifier] of ways) {
    const found = importsOf("x.ts", text);
    expect({ text, found }).toEqual({ text, found: [{ specifier, line: 1 }] });
  }
});

test("a file that does not parse is named", () => {
  expect(() => houseOf({ "lib/core/x.ts": "import {" })).toThrow("lib/core/x.ts");
});

test("an import that a room's row forbids is reported with its place", () => {
  const { refusals } = houseOf({
    "lib/core/x.ts": '\nimport type { X } from "#lib/policy/types";',
  });
  expect(refusals).toEqual([
    "lib/core/x.ts:2: lib/core may not import #lib/policy/types: see its row in rooms.ts.",
  ]);
});

test("a relative path that leaves its room is reported, however it is written", () => {
  const { refusals } = houseOf({ "lib/core/x.ts": 'type X = import("./y/../../limit/x.ts").X;' });
  expect(refusals).toHaveLength(1);
});

test("a computed import is reported where a room must run at the edge", () => {
  const source = "export const load = (file: string) => import(file);";
  expect(houseOf({ "lib/core/x.ts": source }).refusals).toHaveLength(1);
  expect(houseOf({ "lib/cli/x.ts": source }).refusals).toEqual([]);
});

test("a file in no room is reported", () => {
  expect(houseOf({ "src/x.ts": "" }).refusals).toEqual([
    "src/x.ts: no room of rooms.ts has this file.",
  ]);
});

test("a cycle is reported, of types too", () => {
  const { cycles } = houseOf({
    "lib/core/a.ts": 'import "./b.ts";',
    "lib/core/b.ts": 'import type { C } from "./c.ts";',
    "lib/core/c.ts": 'import "./a.ts";',
    "lib/core/d.ts": 'import "./a.ts";',
  });
  expect(cycles).toEqual(["lib/core/a.ts, lib/core/b.ts, lib/core/c.ts"]);
});

test("a cycle between rooms is reported where no file is in one", () => {
  const { cycles } = houseOf({
    "lib/redis/a.ts": 'import "#lib/lock/a";',
    "lib/lock/b.ts": 'import "#lib/redis/b";',
  });
  expect(cycles).toEqual(["lib/lock, lib/redis"]);
});

test("cyclesOf tells separate cycles apart, and finds a node that leads to itself", () => {
  const graph = new Map(
    Object.entries({ a: "b", b: "a", c: "ad", d: "e", e: "d", f: "f", g: "abcdef" }).map(
      ([node, next]) => [node, new Set(next)],
    ),
  );
  expect(cyclesOf(graph)).toEqual([["a", "b"], ["d", "e"], ["f"]]);
});

test("a file of lib that knows a name of the sample is reported, in its path and in its text", () => {
  const { sampleNames } = houseOf({
    "lib/core/a.ts": "// As for Instagram.",
    "lib/core/artists.ts": "",
    "lib/core/b.ts": "",
    "app/x.ts": "// The portfolio.",
    "tests/x.ts": "// The portfolio.",
  });
  expect(sampleNames).toEqual(["lib/core/a.ts", "lib/core/artists.ts"]);
});

test("imports of #lib are counted in the sample alone", () => {
  const source = 'import { limits } from "#lib/limits";\nimport "headgate";';
  const files = ["app/x.ts", "config/x.ts", "middleware.ts", "instrumentation.ts"];
  const sample = [...files, "next.config.ts", "open-next.config.ts"];
  const { importsOfLib } = houseOf(
    Object.fromEntries([...sample, "lib/server/x.ts", "tests/x.ts"].map((file) => [file, source])),
  );
  expect(importsOfLib).toEqual(sample.map((file) => `${file}:1 #lib/limits`));
});

test("a package that is imported and not listed is reported, and one that is listed and not imported", () => {
  const { packages } = inspect({
    files: new Map([
      ["lib/gateway/x.ts", 'import "ioredis";\nimport "zod/mini";\nimport "node:fs";'],
      ["app/x.ts", 'import type { Redis } from "@upstash/redis/edge";\nimport "react";'],
      ["tests/x.ts", 'import "vitest/config";\nimport "fast-check";'],
    ]),
    sample: { dependencies: { react: "1", zod: "1" }, devDependencies: { vitest: "1", knip: "1" } },
    lib: { dependencies: { zod: "1", jose: "1" }, peerDependencies: { next: "1" } },
  });
  expect(packages).toEqual([
    "lib/package.json does not list ioredis, which lib/gateway/x.ts imports.",
    "lib/package.json lists jose, which none of its files imports.",
    "lib/package.json lists next, which none of its files imports.",
    "package.json does not list @upstash/redis, which app/x.ts imports.",
    "package.json does not list fast-check, which tests/x.ts imports.",
    "package.json lists zod, which none of its files imports.",
  ]);
});

test("lines of code are counted by room, without comments and blank lines", () => {
  const { sizes } = houseOf({
    "lib/core/a.ts": "/**\n * A.\n */\nexport const a = 1;\n\n// B.\nexport const b = 2;\n",
    "lib/core/b.ts": "export const c = 3;",
  });
  expect(sizes.get("lib/core")).toEqual({ files: 2, lines: 3 });
});

test("the report names each import of #lib by the sample, and fails", () => {
  const { isSound, text } = render(
    houseOf({ "config/x.ts": 'import "#lib/core/a";\nimport "#lib/core/b";' }),
    NO_WAYS,
  );
  expect(isSound).toBe(false);
  expect(text).toContain("imports of #lib from the sample, in 1 files: 2 (at most 0)");
  expect(text).toContain("  config/x.ts:1 #lib/core/a");
});

test.each([
  ["cycles", { "lib/core/a.ts": 'import "./a.ts";' }],
  ["names of the sample", { "lib/core/a.ts": "// artists" }],
  ["forbidden imports", { "lib/core/a.ts": 'import "#lib/limits";' }],
  ["packages that are not listed", { "tests/a.ts": 'import "left-out";' }],
])("the report fails with %s", (_, files) => {
  expect(render(houseOf(files), NO_WAYS).isSound).toBe(false);
});

test("functionsOf measures every kind of function, the longest first", () => {
  const source = [
    "export function declared() {",
    "  // A comment inside counts.",
    "  const arrow = () => {",
    "    return [1].map((one) =>",
    "      one);",
    "  };",
    "  return arrow;",
    "}",
    "class Kept {",
    "  #field = () => {",
    "  };",
    "  method() {",
    "    return {",
    "      property: function () {} };",
    "  }",
    "}",
  ].join("\n");
  expect(functionsOf("x.ts", source)).toEqual([
    { name: "declared", lines: 8 },
    { name: "arrow", lines: 4 },
    { name: "method", lines: 4 },
    { name: "a function in line 4", lines: 2 },
    { name: "field", lines: 2 },
    { name: "property", lines: 1 },
  ]);
});

test("the report names the three longest functions of the gate's rooms, and fails above the bound", () => {
  const of = (name: string, lines: number) =>
    `export const ${name} = () => {${"\n".repeat(lines - 1)}};`;
  const found = houseOf({
    "lib/gate.ts": of("b", 30),
    "lib/lock/x.ts": of("a", 61),
    "lib/core/x.ts": of("c", 3),
    "lib/redis/x.ts": of("d", 2),
    "lib/gateway/x.ts": of("elsewhere", 200),
  });
  const most = { filesOnWay: 0, filesOnWholeWay: 0, linesOfFunction: 61 };
  const { text, isSound } = render(found, NO_WAYS, most);
  expect(isSound).toBe(true);
  const named = ["lib/lock/x.ts a: 61", "lib/gate.ts b: 30", "lib/core/x.ts c: 3"];
  expect(text).toContain(`\n${named.map((each) => `  ${each} lines\n`).join("")}\n`);
  expect(text).toContain("lines of the longest function: 61 (at most 61)");
  expect(render(found, NO_WAYS, { ...most, linesOfFunction: 60 }).isSound).toBe(false);
});

test("the report lists the files on a request's way, and fails when they are too many", () => {
  const gate = ["lib/gate.ts", "lib/responses.ts"];
  const ways = { gate, whole: [...gate, "lib/create.ts"] };
  const most = { filesOnWay: 2, filesOnWholeWay: 3, linesOfFunction: 0 };
  const { text, isSound } = render(houseOf({}), ways, most);
  expect(isSound).toBe(true);
  expect(text).toContain("\n  lib/gate.ts\n  lib/responses.ts\n");
  expect(text).toContain("through these:\n  lib/create.ts\n");
  expect(text).toContain("files on a request's way through the gate: 2 (at most 2)");
  expect(render(houseOf({}), ways, { ...most, filesOnWay: 1 }).isSound).toBe(false);
  expect(render(houseOf({}), ways, { ...most, filesOnWholeWay: 2 }).isSound).toBe(false);
});

test("filesOnWay finds the files that a checked request runs through, and none of the start", async () => {
  const gate = await filesOnWay();
  const files = await filesOnWholeWay();
  expect(gate).toEqual(expect.arrayContaining(["lib/gate.ts", "lib/policy/match.ts"]));
  expect(files).toEqual(expect.arrayContaining([...gate, "lib/redis/requester.ts"]));
  expect(files.filter((file) => file.startsWith("lib/policy/check/"))).toEqual([]);
  expect(files.filter((file) => file.startsWith("lib/embedded/"))).toEqual([]);
});
