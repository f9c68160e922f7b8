import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MIDDLEWARE_APPS } from "../package/middleware-apps.ts";
import { askAll, putGate } from "../package/middleware-case.ts";
import { LAYOUT, startBuilt } from "../package/new-app.ts";
import { write } from "../package/world.ts";
import { ROOT } from "../support/app.ts";
import { buildIn } from "../support/fixture.ts";
import { startStore } from "../support/gateway.ts";
import { configInTree } from "../support/next-config.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();

/** A folder within the tree finds the packages of the tree. */
const FOLDER = join(ROOT, ".headgate", `wrapped-${process.pid}`);
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

/** The other forms need packages that this tree lacks. `npm run test:package` tests them. */
const INSTALLED = MIDDLEWARE_APPS.filter(({ name }) => name === "next-intl");

// tests/unit/init checks the types of what is wrapped.
const CONFIG = configInTree({ typescript: { ignoreBuildErrors: true } });

beforeAll(() => {
  for (const { name, files } of INSTALLED) {
    write(join(FOLDER, name), {
      "package.json": '{ "type": "module", "dependencies": { "headgate": "*", "next": "16" } }\n',
      "next.config.mjs": CONFIG,
      // Without this file, the bundler uses the one of a folder above.
      "instrumentation.ts": "export function register() {}\n",
      "app/layout.tsx": LAYOUT,
      ...files,
    });
  }
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test.each(INSTALLED)(
  "the middleware of $name runs behind the gate on the same paths as before",
  async (it) => {
    const app = join(FOLDER, it.name);
    await putGate(app, join(ROOT, "lib", "cli", "headgate.ts"));
    buildIn(app, it.env);
    const store = cleanUp(await startStore(), (made) => made.stop());
    const running = cleanUp(await startBuilt(app, store, NEXT, it.env), (made) => made.stop());
    await expect(askAll(running.url, it)).resolves.toBeUndefined();
  },
);
