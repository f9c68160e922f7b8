import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildNext } from "#lib/server/build";
import { ROOT, startProgram } from "../support/app.ts";
import { makeAppFolder } from "../support/command.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");

const GATE = `
  import { createHeadgate, definePolicy } from "headgate";
  export const gate = createHeadgate(definePolicy({ rules: { api: { match: "/api/search", limits: { ip: "9 per day" } } } }));
`;

const ROUTE = `
  import { metricsResponse } from "headgate/metrics";
  import { gate } from "../../../gate.js";
  export const GET = (request) => metricsResponse(request, gate, process.env.METRICS_TOKEN);
`;

test("with cacheComponents, a build without METRICS_TOKEN does not keep the 404 of a metrics route", async () => {
  const root = makeAppFolder({
    "next.config.mjs": `export default { cacheComponents: true, turbopack: { root: ${JSON.stringify(ROOT)} } };\n`,
    "app/layout.jsx":
      "export default ({ children }) => <html lang='en'><body>{children}</body></html>;",
    "app/page.jsx": "export default () => <h1>An app</h1>;",
    "app/api/metrics/route.js": ROUTE,
    "gate.js": GATE,
    // Without this file, the bundler uses the one of a folder above.
    "instrumentation.js": "export function register() {}",
  });
  cleanUp(root, (it) => rmSync(it, { recursive: true, force: true }));
  await buildNext(root);
  const env = { METRICS_TOKEN: "a-token", CLIENT_IP_FROM: "hops:1" };
  const args = [NEXT, "start", "-p", "0", "-H", "localhost"];
  const app = cleanUp(await startProgram(args, env, root), (it) => it.stop());
  expect((await fetch(`${app.url}/api/metrics`)).status).toBe(401);
});
