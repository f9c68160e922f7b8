// `npm run build`: checks the policy, then builds unless no file changed since the last build.
import { join } from "node:path";
import { checkPolicy, findPolicyFile, defineProgram } from "headgate/cli";
import { exitOnStopSignal } from "headgate/server";
import { buildOnce } from "./build.ts";

const HELP = `Checks config/rate-limits.ts, and builds the app unless no file changed since the last build.

  npm run build
`;

const root = join(import.meta.dirname, "..", "..");

const build = defineProgram({
  name: "npm run build",
  help: HELP,
  args: {},
  async run() {
    exitOnStopSignal();
    console.log(await checkPolicy(findPolicyFile(root, undefined)));
    const built = await buildOnce(root, (line) => console.log(line));
    console.log(built ? "built" : "nothing changed since the last build");
  },
});

process.exitCode = await build(process.argv.slice(2));
