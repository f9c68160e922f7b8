// `npm run pack`: builds, and makes of it the folder dist, which runs by itself.
import { join, relative } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { exitWhenTold } from "#lib/server/drain";
import { pack } from "./pack.ts";

const root = join(import.meta.dirname, "..", "..");
const to = join(root, "dist");

exitWhenTold();
try {
  await pack(root, to, (line) => console.log(line));
  console.log(`packed: node ${relative(process.cwd(), join(to, "server.mjs"))}`);
} catch (error) {
  console.error(error instanceof HeadgateError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
