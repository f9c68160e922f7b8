// `npm run pack`: builds the app, and makes a folder dist of it that runs without this tree.
import { join, relative } from "node:path";
import { defineProgram } from "headgate/cli";
import { exitOnStopSignal } from "headgate/server";
import { pack } from "./pack.ts";

const HELP = `Builds the app, and makes a folder dist of it that runs without this tree: node dist/server.mjs

  npm run pack
`;

const root = join(import.meta.dirname, "..", "..");
const to = join(root, "dist");

const packIt = defineProgram({
  name: "npm run pack",
  help: HELP,
  args: {},
  async run() {
    exitOnStopSignal();
    await pack(root, to, (line) => console.log(line));
    console.log(`packed: node ${relative(process.cwd(), join(to, "server.mjs"))}`);
  },
});

process.exitCode = await packIt(process.argv.slice(2));
