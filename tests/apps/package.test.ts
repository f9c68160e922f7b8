import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BuiltEntry, packFolder, readBuilt } from "../../config/package/pack.ts";
import { OPTIONAL } from "../../config/package/optional.ts";
import {
  askNewApp,
  filesOfNewApp,
  LAYOUT,
  PROMISED,
  startBuilt,
  storeVariables,
} from "../package/new-app.ts";
import { NEEDS, POLICY } from "../package/missing-cases.ts";
import { runCommand, tryCommand } from "../package/run-command.ts";
import { consumer, readManifest } from "../package/type-cases.ts";
import { unpack, write } from "../package/world.ts";
import { ROOT, type RunningApp, startProgram } from "../support/app.ts";
import { builtPackage } from "../support/built-package.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { configInTree } from "../support/next-config.ts";
import { NODE_ALONE } from "../support/node-alone.ts";
import { complaintsOfPage } from "../support/page-commands/shown.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const PACKAGES = join(ROOT, "node_modules");

/** A policy that imports another file of the app by a path alias of tsconfig.json. */
const PATHS_OF_TSCONFIG = {
  "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }\n',
  "src/limits.ts": `import "server-only";
export enum Size { small = 5 }
export const SMALL = \`\${Size.small} per minute\`;
`,
  "config/rate-limits.ts": `import { definePolicy } from "headgate";
import { SMALL } from "@/limits";
export default definePolicy({ rules: { api: { match: "/api/:path*", limits: { ip: SMALL } } } });
`,
};

/** A folder outside this tree finds none of its packages. */
const FOLDER = mkdtempSync(join(tmpdir(), "headgate-package-"));
/** Next finds the packages of this tree from a folder inside. */
const APP = join(ROOT, ".headgate", `package-${process.pid}`);
const INSTALLED = join(FOLDER, "node_modules", "headgate");

let entries: readonly BuiltEntry[] = [];

beforeAll(async () => {
  unpack(packFolder(await builtPackage(), FOLDER).file, INSTALLED);
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
  test("an entry for the edge imports no Node module, neither directly nor through a chunk", () => {
    const edge = entries.filter(({ name }) => !NODE_ALONE.has(name));
    expect(edge.map(({ name }) => name)).toContain("headgate/dashboard");
    const ofNode = edge.flatMap(({ name, imports }) =>
      imports.filter((it) => it.startsWith("node:")).map((it) => `${name}: ${it}`),
    );
    expect(ofNode).toEqual([]);
    const node = entries.filter(({ name }) => NODE_ALONE.has(name));
    for (const { imports } of node) expect(imports.join()).toContain("node:");
  });

  test("the package imports its dependencies only, and each optional package only in its own file", () => {
    const { dependencies, peerDependencies, peerDependenciesMeta } = readManifest(INSTALLED);
    const outside = new Set(entries.flatMap(({ imports }) => imports));
    const packages = [...outside]
      .filter((it) => !/^(?:node:|#optional\/)/.test(it))
      .flatMap((it) => /^(?:@[^/]+\/)?[^/]+/.exec(it)?.[0] ?? []);
    expect([...new Set(packages)].toSorted()).toEqual(Object.keys(dependencies).toSorted());
    expect(Object.keys(dependencies)).toEqual(["@noble/hashes", "jiti", "jose"]);
    expect(Object.keys(peerDependencies).toSorted()).toEqual(Object.keys(OPTIONAL).toSorted());
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
    "an entry that needs %s prints what to install when it is missing",
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
    const bin = join("node_modules", "headgate", "bin.mjs");
    return tryCommand(FOLDER, process.execPath, [...options, bin, "check"]);
  };

  test.each([
    { name: "the Node at hand", options: [] },
    { name: "a Node that runs no TypeScript, such as Node 20", options: ["--no-strip-types"] },
  ])(
    "headgate check accepts a policy that imports by a path alias of tsconfig.json, under $name",
    async ({ options }) => {
      write(FOLDER, PATHS_OF_TSCONFIG);
      const { status, output } = await check(...options);
      expect(output).toBe("config/rate-limits.ts: 1 rule, 1 limit, 0 exempt paths\n");
      expect(status).toBe(0);
    },
  );

  test("headgate info prints its version and the policy without optional packages", async () => {
    write(FOLDER, { "config/rate-limits.ts": POLICY });
    const bin = join("node_modules", "headgate", "bin.mjs");
    const { status, output } = await tryCommand(FOLDER, process.execPath, [bin, "info"]);
    expect(output).toContain(`### Versions\n- headgate ${readManifest(INSTALLED).version}, Node `);
    expect(output).toContain(
      "- `config/rate-limits.ts`: 1 rule\n- `api`: `/api/:path*`; ip: 5 per minute",
    );
    expect(status).toBe(0);
  });

  test("headgate check prints the line of a mistake in the policy", async () => {
    write(FOLDER, { "config/wrong.ts": POLICY.replace("per minute", "per minuet") });
    const bin = join("node_modules", "headgate", "bin.mjs");
    const args = [bin, "check", "config/wrong.ts"];
    const { status, output } = await tryCommand(FOLDER, process.execPath, args);
    expect(output).toMatch(/^config\/wrong\.ts:\d+:\d+ {2}BAD_/);
    expect(status).toBe(1);
  });
});

/** A route whose token is set when the app starts, and not when it is built. */
const METRICS = `import { metricsResponse } from "headgate/metrics";
import { gate } from "../../../gate";

export const GET = (request: Request) =>
  metricsResponse(request, gate, process.env["METRICS_TOKEN"]);
`;

describe("the app of docs/start/new-app.md", () => {
  let store: TestStore;
  let app: RunningApp;

  beforeAll(async () => {
    write(APP, { ...filesOfNewApp(), "app/layout.tsx": LAYOUT });
    const page = "export default function Page() {\n  return <h1>Hello</h1>;\n}\n";
    const config = configInTree({
      output: "standalone",
      outputFileTracingRoot: ROOT,
      // With this setting a build keeps the response of a handler that reads nothing of the request.
      cacheComponents: true,
    });
    write(APP, {
      "app/page.tsx": page,
      "app/api/metrics/route.ts": METRICS,
      "next.config.mjs": config,
      "package.json": '{ "name": "new-app", "type": "module" }\n',
      "public/hello.txt": "hello\n",
    });
    cpSync(INSTALLED, join(APP, "node_modules", "headgate"), { recursive: true });
    await runCommand(APP, process.execPath, [join("node_modules", "headgate", "bin.mjs"), "build"]);
    store = await startStore();
    const next = join(PACKAGES, "next", "dist", "bin", "next");
    app = await startBuilt(APP, store, next, { METRICS_TOKEN: "a-token" });
  });
  afterAll(async () => {
    await app?.stop();
    await store?.stop();
  });

  test("the app of docs/start/new-app.md is limited by the gate and in its handler", async () => {
    expect(await askNewApp(app.url)).toEqual(PROMISED);
    const shown = { url: app.url, folder: APP, env: storeVariables(store), address: "192.0.2.1" };
    const own = "tests/apps/package.test.ts";
    expect(await complaintsOfPage(own, "docs/start/new-app.md", shown)).toEqual([]);
  });

  test("with cacheComponents, a build without METRICS_TOKEN does not keep the 404 of a metrics route", async () => {
    expect((await fetch(`${app.url}/api/metrics`)).status).toBe(401);
  });

  test("headgate audit runs on the app of docs/start/new-app.md under a Node without TypeScript", async () => {
    const bin = join("node_modules", "headgate", "bin.mjs");
    const args = ["--no-strip-types", bin, "audit"];
    const { status, output } = await tryCommand(APP, process.execPath, args);
    expect(output).toContain("/api/reports");
    expect(status).toBe(0);
  });

  test("headgate start serves a copied standalone build, and writes nothing into it", async () => {
    const folder = copyStandalone();
    const files = globSync("**", { cwd: folder });
    const served = cleanUp(await startProgram(STANDALONE, storeVariables(store), folder), (it) =>
      it.stop(),
    );
    expect(await askNewApp(served.url)).toEqual(PROMISED);
    expect(await (await fetch(`${served.url}/hello.txt`)).text()).toBe("hello\n");
    expect(served.output()).toContain("policy   as it was built\n");
    const page = await (await fetch(served.url)).text();
    const file = /src="(\/_next\/static\/[^"]+)"/.exec(page)?.[1];
    expect((await fetch(`${served.url}${file}`)).status).toBe(200);
    await served.stop();
    expect(globSync("**", { cwd: folder })).toEqual(files);
  });

  test("headgate start does not serve a standalone build without a shared store", async () => {
    const folder = copyStandalone();
    const { status, output } = await tryCommand(folder, process.execPath, STANDALONE);
    expect(output).toContain("ENV_INVALID: No store is named");
    expect(status).toBe(1);
  });
});

const STANDALONE = [join("node_modules", "headgate", "bin.mjs"), "start"];

/** Copies the output of `headgate build` to a folder without other packages, and returns the app's folder in it. */
function copyStandalone(): string {
  const copy = cleanUp(mkdtempSync(join(tmpdir(), "headgate-standalone-")), (it) =>
    rmSync(it, { recursive: true }),
  );
  cpSync(join(APP, ".next", "standalone"), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, relative(ROOT, APP));
}
