// `npm run docs` builds the docs site and serves it; `npm run docs:build` only builds it.
import { relative } from "node:path";
import { buildSite, serveSite, SITE } from "./site.ts";

if (process.argv.includes("--build")) {
  await buildSite(SITE);
  console.log(`built: ${relative(process.cwd(), SITE)}`);
} else {
  console.log(`ready ${await serveSite(SITE, Number(process.env["PORT"] ?? 0))}`);
}
