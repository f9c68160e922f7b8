import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MUST_BE } from "#config/app-env";
import { AUTH_VARIABLES, METRICS_VARIABLES } from "#config/gate-env";
import { OTEL_VARIABLES } from "#config/otel-env";
import { SettingsError } from "#lib/core/settings";
import type { Variable } from "#lib/core/variable-table";
import { REDIS_ADDRESS } from "#lib/core/store-address";
import { GATE_VARIABLES } from "#lib/gate-variables";
import { GATEWAY_TOKEN } from "#lib/gateway/token";
import { wantsBatches } from "#lib/server/batches";
import { httpSettings } from "#lib/server/http-settings";
import { gatewayListensAt, listenAddress } from "#lib/server/listening";
import { VARIABLES } from "#lib/variables";
import { ROOT } from "../support/app.ts";
import { documentedVariables, propertyReads } from "../support/variables.ts";

const page = documentedVariables();
const sorted = (names: Iterable<string>) =>
  [...new Set(names)].toSorted((a, b) => a.localeCompare(b));
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

function faultsOf(run: () => unknown): SettingsError["mustBe"][] {
  try {
    run();
  } catch (error) {
    if (error instanceof SettingsError) return [error.mustBe];
    throw error;
  }
  return [];
}

/** The sample's own variables, which its gate reads. */
const OWN = { ...AUTH_VARIABLES, ...METRICS_VARIABLES, ...OTEL_VARIABLES };

describe("docs/reference/environment.md", () => {
  test("environment.md has the variables that Headgate's programs read, with the programs", () => {
    const documented = [...page].flatMap(([name, { by }]) => {
      const ours = by.filter((program) => program !== "sample");
      return ours.length > 0 ? [[name, ours] as const] : [];
    });
    const known = Object.entries(VARIABLES).map(([name, { by }]) => [name, by] as const);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(known));
    const ofGate = known.flatMap(([name, by]) => (by.includes("gate") ? [name] : []));
    expect(sorted(ofGate)).toEqual(sorted([...Object.keys(GATE_VARIABLES), "HEADGATE_REWRITES"]));
  });

  test("environment.md has the sample's variables", () => {
    const documented = [...page].flatMap(([name, { by }]) => (by.includes("sample") ? [name] : []));
    const handed = ["REDIS_URL", "DEMO_ACCOUNTS"];
    expect(sorted(documented)).toEqual(
      sorted([...Object.keys(OWN), ...Object.keys(MUST_BE), ...handed]),
    );
  });

  const judged = Object.entries<Variable<unknown>>({ ...GATE_VARIABLES, ...OWN }).filter(
    // Variables that programs set are not checked.
    ([, { mustBe }]) => mustBe !== "text",
  );

  test.each(judged)("environment.md says what %s must be as the code does", (name, { mustBe }) => {
    expect(page.get(name)?.mustBe).toBe(mustBe.replaceAll("`", ""));
  });

  test.each(judged.filter(([, { standard }]) => standard !== undefined))(
    "environment.md has the default of %s in the code",
    (name, { standard }) => {
      const [documented] = page.get(name)?.standard.split(/[ ,]/) ?? [];
      expect(documented).toBe(standard || "none");
    },
  );

  test.each(Object.entries({ ...MUST_BE, REDIS_URL: REDIS_ADDRESS, GATEWAY_TOKEN }))(
    "environment.md says what %s must be as its error does",
    (name, mustBe) => {
      expect(page.get(name)?.mustBe).toBe(mustBe.replaceAll("`", ""));
    },
  );

  test.each([
    "PORT",
    "HOST",
    "GATEWAY_PORT",
    "GATEWAY_HOST",
    "MAX_BODY_BYTES",
    "SOCKET_TIMEOUT",
    "KEEP_ALIVE_TIMEOUT",
    "HEADERS_TIMEOUT",
    "REQUEST_TIMEOUT",
    "HEADGATE_BATCH",
  ])("environment.md says what %s must be as the server does", (name) => {
    const env = { [name]: '"' };
    const readers = [
      () => listenAddress(env),
      () => gatewayListensAt(env),
      () => httpSettings(env, false),
      () => wantsBatches(env),
    ];
    expect(readers.flatMap(faultsOf)).toEqual([{ [name]: page.get(name)?.mustBe }]);
  });
});

/** Properties in capitals that are not variables, of Node's, JavaScript's and WebAssembly's objects. */
const OF_OTHER_OBJECTS = new Set([
  "HEAPU8",
  "HEAPU32",
  "MAX_SAFE_INTEGER",
  "POSITIVE_INFINITY",
  "X_OK",
]);

describe("lib", () => {
  const files = globSync("lib/**/*.{ts,mjs}", { cwd: ROOT, exclude: ["lib/node_modules/**"] });
  const reads = files.flatMap((file) =>
    propertyReads(read(file), file).map(({ name, of }) => ({ file, name, of })),
  );
  const variables = reads.filter(({ name }) => !OF_OTHER_OBJECTS.has(name));

  test("lib reads the variables of the page, and no others", () => {
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
