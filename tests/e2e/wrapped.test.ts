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
import { scope } from "../support/scope.ts";

const cleanUp = scope();

/** Within the tree, so that its packages are found. */
const FOLDER = join(ROOT, ".headgate", `wrapped-${process.pid}`);
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

/** The others need packages that this tree has not: `npm run test:package` tries them. */
const INSTALLED = MIDDLEWARE_APPS.filter(({ name }) => name === "next-intl");

const CONFIG = `export default {
  turbopack: { root: ${JSON.stringify(ROOT)} },
  // tests/unit/init checks the types of what is wrapped.
  typescript: { ignoreBuildErrors: true },
};
`;

beforeAll(() => {
  for (const { name, files } of INSTALLED) {
    write(join(FOLDER, name), {
      "package.json": '{ "type": "module", "dependencies": { "headgate": "*", "next": "16" } }\n',
      "next.config.mjs": CONFIG,
      // Without one, the bundler takes that of a folder above.
      "instrumentation.ts": "export function register() {}\n",
      "app/layout.tsx": LAYOUT,
      ...files,
    });
  }
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test.each(INSTALLED)("the middleware of $name runs behind the gate where it ran", async (it) => {
  const app = join(FOLDER, it.name);
  await putGate(app, join(ROOT, "lib", "cli", "headgate.ts"));
  buildIn(app, it.env);
  const store = cleanUp(await startStore(), (made) => made.stop());
  const running = cleanUp(await startBuilt(app, store, NEXT, it.env), (made) => made.stop());
  await expect(askAll(running.url, it)).resolves.toBeUndefined();
});
