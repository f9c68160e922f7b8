import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../support/app.ts";

/**
 * Patterns that keep a promise for a later request. In workerd a request must not wait for the promise of
 * another request. Code must keep the result of a promise, never the promise.
 */
const KEEPS_A_PROMISE = [
  /\b(?:Map|WeakMap|Set|WeakSet|Array)<[^()]*\bPromise(?:Like)?</,
  /\blet \w+: [^=;()]*\bPromise(?:Like)?</,
  /\b(?:private|static|readonly) [\w#]+\??: [^=;()]*\bPromise(?:Like)?</,
  /\bPromise<[^()]*>\[\]/,
  /\?\?=.*(?:\basync\b|\bPromise\b|\bfetch\(|\bimportKey\()/,
  /\.set\([^()]*,\s*(?:fetch\(|new Promise\b|crypto\.subtle)/,
];

/** Allowed files, each with the reason why no request in workerd waits for another one there. */
const ALLOWED: Readonly<Record<string, string>> = {
  "lib/dashboard/assets.ts": "the script of a page, which runs only in browsers",
};

const linesThatKeepOne = (source: string) =>
  source
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .split("\n")
    .map((line) => line.replace(/(?:^|\s)\/\/.*$/, ""))
    .filter((line) => KEEPS_A_PROMISE.some((pattern) => pattern.test(line)));

describe("code at the edge", () => {
  test("code at the edge keeps no promise for another request", () => {
    const files = globSync("lib/**/*.ts", { cwd: ROOT }).filter(
      (file) =>
        !/^lib\/(?:gateway|embedded|server|audit|cli|plugin|testing)\//.test(file) &&
        !Object.hasOwn(ALLOWED, file),
    );
    expect(files.length).toBeGreaterThan(30);
    const found = files.flatMap((file) =>
      linesThatKeepOne(readFileSync(join(ROOT, file), "utf8")).map((line) => `${file}: ${line}`),
    );
    expect(found).toEqual([]);
  });

  test.each([
    "const calls = new Map<string, Promise<Answer>>();",
    "let key: Promise<CryptoKey> | undefined;",
    "let probe: undefined | Promise<void>;",
    "const waiting: Promise<void>[] = [];",
    "key ??= crypto.subtle.importKey(...parameters);",
    "warm ??= fetch(url).then((answer) => answer.text());",
    "made ??= (async () => make())();",
    "kept.set(name, fetch(url));",
  ])("the check for kept promises finds: %s", (line) => {
    expect(linesThatKeepOne(line)).toEqual([line]);
  });

  test.each([
    "take(rules: RuleSet): Promise<Decision>;",
    "const resolvers = new Map<string, (request: Request) => Promise<string>>();",
    "let built: Built | undefined;",
    "return Promise.all(calls.map(send));",
    "// once: new Map<string, Promise<Answer>>()",
  ])("the check for kept promises accepts: %s", (line) => {
    expect(linesThatKeepOne(line)).toEqual([]);
  });
});
