import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { unknownVariables } from "#lib/unknown-variables";

const root = join(import.meta.dirname, "..", "..");

test.each([
  ["HEADGATE_MOD", "HEADGATE_MODE"],
  ["HEADGATE_SECERT", "HEADGATE_SECRET"],
  ["Headgate_Mode", "HEADGATE_MODE"],
  ["headgate_namespace", "HEADGATE_NAMESPACE"],
  ["HEADGATE_CLUTSER", "HEADGATE_CLUSTER"],
])("%s is reported with the name %s", (name, meant) => {
  const lines = unknownVariables({ [name]: "a value that may be secret" });
  expect(lines).toEqual([expect.stringContaining(`${name} is no variable of Headgate's`)]);
  expect(lines[0]).toContain(`Did you mean ${meant}?`);
  expect(lines[0]).not.toContain("secret that");
  expect(lines[0]).not.toContain("a value");
});

test("a name that resembles no variable is reported without a guess", () => {
  expect(unknownVariables({ HEADGATE_FAVOURITE_COLOUR: "blue" })).toEqual([
    "HEADGATE_FAVOURITE_COLOUR is no variable of Headgate's, and changes nothing. headgate/docs/reference/environment.md has every variable.",
  ]);
});

test("a value that was read as a part of the name is not repeated", () => {
  // Docker reads the line "HEADGATE_SECRET:c2VjcmV0c2VjcmV0==" of an env file as this variable.
  const [line = ""] = unknownVariables({ "HEADGATE_SECRET:c2VjcmV0c2VjcmV0": "=" });
  expect(line).toMatch(/^HEADGATE_SECRET… .*Did you mean HEADGATE_SECRET\?$/);
  expect(line).not.toContain("c2Vj");
});

test("other programs' variables, and those of a Kubernetes service, are not reported", () => {
  const env = {
    PATH: "/bin",
    MY_HEADGATE_MOD: "x",
    HEADGATE_SERVICE_HOST: "10.0.0.1",
    HEADGATE_SERVICE_PORT_HTTP: "80",
    HEADGATE_PORT: "tcp://10.0.0.1:80",
    HEADGATE_PORT_80_TCP_ADDR: "10.0.0.1",
    HEADGATE_GATEWAY_SERVICE_HOST: "10.0.0.2",
  };
  expect(unknownVariables(env)).toEqual([]);
});

test("every variable that a program or a page of the docs names is known", () => {
  const files = globSync(["{config,lib,app}/**/*.{ts,tsx}", "*.{ts,mjs,md}", "docs/**/*.md"], {
    cwd: root,
  });
  const named = files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    return text.match(/(?<![A-Z_])HEADGATE_[A-Z_]*[A-Z]\b/g) ?? [];
  });
  const slips = ["HEADGATE_MOD"];
  const env = Object.fromEntries(named.map((name) => [name, "1"]));
  expect(Object.keys(env).length).toBeGreaterThan(8);
  for (const slip of slips) delete env[slip];
  expect(unknownVariables(env)).toEqual([]);
});
