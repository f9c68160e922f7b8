import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BuiltEntry, readBuilt } from "../../config/package/pack.ts";
import { OPTIONAL } from "../../config/package/optional.ts";
import { askNewApp, filesOfNewApp, LAYOUT, PROMISED, startBuilt } from "../package/new-app.ts";
import { NEEDS, POLICY } from "../package/missing-cases.ts";
import { runCommand, tryCommand } from "../package/run-command.ts";
import { consumer, readManifest } from "../package/type-cases.ts";
import { packedInto, unpack, write } from "../package/world.ts";
import { ROOT } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const PACKAGES = join(ROOT, "node_modules");

/** Entries that import modules of Node; each of the others must run at the edge. */
const NODE_ALONE = new Set([
  "headgate/cli",
  "headgate/gateway",
  "headgate/plugin",
  "headgate/server",
  "headgate/tcp",
  "headgate/testing",
]);

/** Outside this tree, so that no package of it is found. */
const FOLDER = mkdtempSync(join(tmpdir(), "headgate-package-"));
/** Inside, where Next finds the packages of this tree. */
const APP = join(ROOT, ".headgate", `package-${process.pid}`);
const INSTALLED = join(FOLDER, "node_modules", "headgate");

let entries: readonly BuiltEntry[] = [];

beforeAll(async () => {
  unpack(await packedInto(FOLDER), INSTALLED);
  entries = readBuilt(INSTALLED);
  const { dependencies } = readManifest(INSTALLED);
  for (const name of [...Object.keys(dependencies), "@types/node"]) {
    mkdirSync(join(FOLDER, "node_modules", name, ".."), { recursive: true });
    symlinkSync(join(PACKAGES, name), join(FOLDER, "node_modules", name));
  }
  write(FOLDER, consumer(Object.entries(readManifest(INSTALLED).exports)));
});

afterAll(() => {
  rmSync(FOLDER, { recursive: true, force: true });
  rmSync(APP, { recursive: true, force: true });
});

describe("the built package", () => {
  test("an entry for the edge imports nothing of Node, by any chunk that it reaches", () => {
    const edge = entries.filter(({ name }) => !NODE_ALONE.has(name));
    expect(edge.map(({ name }) => name)).toContain("headgate/dashboard");
    const ofNode = edge.flatMap(({ name, imports }) =>
      imports.filter((it) => it.startsWith("node:")).map((it) => `${name}: ${it}`),
    );
    expect(ofNode).toEqual([]);
    const node = entries.filter(({ name }) => NODE_ALONE.has(name));
    for (const { imports } of node) expect(imports.join()).toContain("node:");
  });

  test("the package imports what it depends on, and looks for each optional package in its file", () => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = readManifest(INSTALLED);
    const outside = new Set(entries.flatMap(({ imports }) => imports));
    const packages = [...outside]
      .filter((it) => !/^(?:node:|#optional\/)/.test(it))
      .flatMap((it) => /^(?:@[^/]+\/)?[^/]+/.exec(it)?.[0] ?? []);
    expect([...new Set(packages)].toSorted()).toEqual(Object.keys(dependencies).toSorted());
    expect(Object.keys(dependencies)).toEqual(["@noble/hashes", "jose"]);
    expect(Object.keys(peerDependencies).toSorted()).toEqual(
      [...Object.keys(OPTIONAL), "next"].toSorted(),
    );
    expect(Object.values(peerDependenciesMeta)).toEqual(
      Object.keys(peerDependencies).map(() => ({ optional: true })),
    );
  });

  test.each(["bundler", "node16"])(
    "every entry compiles without optional packages and without skipLibCheck (%s)",
    async (resolution) => {
      const tsc = join(PACKAGES, "typescript", "bin", "tsc");
      const config = join(FOLDER, `tsconfig.${resolution}.json`);
      expect(await tryCommand(FOLDER, process.execPath, [tsc, "-p", config])).toEqual({
        status: 0,
        output: "",
      });
    },
  );

  test.each(Object.entries(NEEDS))(
    "what needs %s tells an app that has it not what to install",
    async (needed, program) => {
      const [name = ""] = needed.split(" ");
      write(FOLDER, { "needs.mjs": program });
      const { status, output } = await tryCommand(FOLDER, process.execPath, ["needs.mjs"]);
      expect(output).toContain("PACKAGE_MISSING");
      expect(output).toContain(`: npm install ${name}@latest\n`);
      expect(status).toBe(1);
    },
  );
});

describe("the command of the package", () => {
  const check = (...options: readonly string[]) => {
    write(FOLDER, { "config/rate-limits.ts": POLICY });
    const bin = join("node_modules", "headgate", "bin.mjs");
    return tryCommand(FOLDER, process.execPath, [...options, bin, "check"]);
  };

  test("checks a policy in TypeScript, without oxc-parser", async () => {
    const { status, output } = await check();
    expect(output).toContain("config/rate-limits.ts: 1 rule, 1 limit");
    expect(status).toBe(0);
  });

  test("reports its own version and the policy by headgate info, without optional packages", async () => {
    write(FOLDER, { "config/rate-limits.ts": POLICY });
    const bin = join("node_modules", "headgate", "bin.mjs");
    const { status, output } = await tryCommand(FOLDER, process.execPath, [bin, "info"]);
    expect(output).toContain(`### Versions\n- headgate ${readManifest(INSTALLED).version}, Node `);
    expect(output).toContain(
      "- `config/rate-limits.ts`: 1 rule\n- `api`: `/api/:path*`; ip: 5 per minute",
    );
    expect(status).toBe(0);
  });

  test("names the Node that is needed under one that runs no TypeScript, such as Node 20", async () => {
    const { status, output } = await check("--no-strip-types");
    expect(output).toContain("use Node 22.18 or later");
    expect(status).toBe(1);
  });
});

test("the app of docs/start/new-app.md is denied by the gate and in its handler", async () => {
  write(APP, { ...filesOfNewApp(), "app/layout.tsx": LAYOUT });
  const page = "export default function Page() {\n  return <h1>Hello</h1>;\n}\n";
  // The packages lie in the folder above; an app with its own needs no such thing.
  const config = `export default { turbopack: { root: ${JSON.stringify(ROOT)} } };\n`;
  write(APP, { "app/page.tsx": page, "next.config.mjs": config });
  cpSync(INSTALLED, join(APP, "node_modules", "headgate"), { recursive: true });
  const next = join(PACKAGES, "next", "dist", "bin", "next");
  await runCommand(APP, process.execPath, [next, "build"], { NODE_ENV: "production" });

  const store = cleanUp(await startStore(), (it) => it.stop());
  const app = cleanUp(await startBuilt(APP, store, next), (it) => it.stop());
  expect(await askNewApp(app.url)).toEqual(PROMISED);
});
