import { loadServerParts } from "./define-server.ts";
import { LISTEN_ARGS, setListening } from "./listen-options.ts";
import { defineProgram } from "./program.ts";
import { type ServedProject, serveProject } from "./serve-project.ts";

interface ServingProgram extends Pick<ServedProject, "mode"> {
  readonly name: string;
  readonly help: string;
}

/** Defines a command that serves the app of this folder: `headgate start` and `headgate dev` differ in mode. */
export function servingProgram({ name, help, mode }: ServingProgram) {
  return defineProgram({
    name,
    help,
    args: {
      policy: { type: "positional", required: false },
      with: { type: "string" },
      ...LISTEN_ARGS,
    },
    async run({ policy, with: file, port, hostname }) {
      setListening({ port, hostname }, help);
      return serveProject({ ...(await loadServerParts(file)), root: process.cwd(), mode, policy });
    },
  });
}
