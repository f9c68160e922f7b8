import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { GATE_VARIABLES } from "#lib/gate-variables";
import { VARIABLES } from "#lib/variables";
import { ROOT } from "../support/app.ts";
import { propertyReads } from "../support/variables.ts";

const sorted = (names: Iterable<string>) =>
  [...new Set(names)].toSorted((a, b) => a.localeCompare(b));
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** Properties in capitals that are not variables, of Node's, JavaScript's and WebAssembly's objects. */
const OF_OTHER_OBJECTS = new Set([
  "HEAPU8",
  "HEAPU32",
  "MAX_SAFE_INTEGER",
  "POSITIVE_INFINITY",
  "X_OK",
]);

test("the gate reads the variables of its table, and HEADGATE_REWRITES", () => {
  const ofGate = Object.entries(VARIABLES).filter(([, { by }]) => by.includes("gate"));
  expect(sorted(ofGate.map(([name]) => name))).toEqual(
    sorted([...Object.keys(GATE_VARIABLES), "HEADGATE_REWRITES"]),
  );
});

describe("lib", () => {
  const files = globSync("lib/**/*.{ts,mjs}", { cwd: ROOT, exclude: ["lib/node_modules/**"] });
  const reads = files.flatMap((file) =>
    propertyReads(read(file), file).map(({ name, of }) => ({ file, name, of })),
  );
  const variables = reads.filter(({ name }) => !OF_OTHER_OBJECTS.has(name));

  test("lib reads the variables of its table, and no others", () => {
    const found = [...variables.map(({ name }) => name), ...Object.keys(GATE_VARIABLES)];
    expect(sorted(found)).toEqual(sorted(Object.keys(VARIABLES)));
  });

  test("the gate reads no variable that only the server or the gateway reads", () => {
    const elsewhere = variables.filter(
      ({ file }) => !/^lib\/(?:server|cli|audit|plugin)\//.test(file),
    );
    const ofOthers = elsewhere.filter(({ name }) => !VARIABLES[name]?.by.includes("gate"));
    expect(ofOthers).toEqual([]);
  });

  test("outside the server and the commands, lib reads process.env in env.ts and NODE_ENV in development.ts alone", () => {
    const code = (file: string) => read(file).replaceAll(/^\s*(?:\*|\/\/|\/\*).*$/gm, "");
    const own = files.filter((file) => code(file).includes("process.env"));
    // One file reads a variable that bundlers replace, and one writes a policy that reads a variable.
    const expected = ["lib/env.ts", "lib/init/policy-text.ts", "lib/policy/development.ts"];
    const others = own.filter((file) => !/^lib\/(?:server|cli)\//.test(file));
    expect(others.toSorted()).toEqual(expected);
    // A computed name could not be found by this search.
    expect(own.filter((file) => /process\.env\[(?!["'`])/.test(code(file)))).toEqual([]);
  });

  test.each([
    ["process.env.MY_SLIP", "process.env"],
    ['process.env["MY_SLIP"]', "process.env"],
    ["globalThis.process?.env?.MY_SLIP", "process.env"],
    ["const { MY_SLIP = 1 } = process.env;", "process.env"],
    ['const { "MY_SLIP": mine } = env;', "env"],
    ["const read = ({ MY_SLIP }: Variables) => MY_SLIP;", ""],
    ['wholeNumber(env, "MY_SLIP", 1, 0, 2);', "a reader"],
    ['ms("MY_SLIP", 1);', "a reader"],
  ])("propertyReads finds that MY_SLIP is read by %s", (code, of) => {
    expect(propertyReads(code)).toContainEqual({ name: "MY_SLIP", of });
  });
});
