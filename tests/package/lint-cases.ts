import { cpSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./case.ts";
import { runCommand } from "./run-command.ts";

/** Two linters of the packed package. `attw` removes its .tgz, so it gets a copy. */
export const lintCases: readonly Case[] = [
  {
    name: "publint",
    what: "publint 0.3.25, strict",
    async run({ tarball, newFolder }) {
      const folder = newFolder("publint");
      const printed = await runCommand(folder, "npx", [
        "--yes",
        "publint@0.3.25",
        tarball,
        "--strict",
      ]);
      if (!/All good!/.test(printed)) throw new Error(printed);
      return "all good";
    },
  },
  {
    name: "attw",
    what: "@arethetypeswrong/cli 0.18.5, ESM only",
    async run({ tarball, newFolder }) {
      const copy = join(newFolder("attw"), "package.tgz");
      cpSync(tarball, copy);
      const args = ["--yes", "@arethetypeswrong/cli@0.18.5", copy, "--profile", "esm-only"];
      await runCommand(newFolder("attw"), "npx", args);
      return "no problems";
    },
  },
];
