import { relative } from "node:path";
import { builtFolder } from "#lib/audit/next-config";
import { POLICY, projectPolicy } from "../policy-file.ts";
import { defineProgram } from "../program.ts";
import { buildNext } from "#lib/server/build";
import { exitOnStopSignal } from "#lib/server/drain";
import { completeStandalone } from "#lib/server/standalone-build";

const HELP = `Checks the policy of this folder, and builds its Next app with next build.

  npx headgate build             checks ${POLICY} if there is one, and builds
  npx headgate build other.ts    checks another policy file first

The command does not build with an invalid policy. After it, npx headgate audit lists the routes that no
rule covers.

With output: "standalone" in next.config it completes the folder that Next makes, which then runs on its
own: node node_modules/headgate/bin.mjs start
`;

export default defineProgram({
  name: "headgate build",
  help: HELP,
  args: { policy: { type: "positional", required: false } },
  async run({ policy }) {
    exitOnStopSignal();
    const root = process.cwd();
    console.log(await projectPolicy(root, policy));
    await buildNext(root, (text) => process.stdout.write(text));
    const folder = completeStandalone(root, await builtFolder(root));
    if (folder === undefined) return;
    console.log(
      `${relative(root, folder)} runs on its own: node node_modules/headgate/bin.mjs start`,
    );
  },
});
