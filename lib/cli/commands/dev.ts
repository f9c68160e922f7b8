import { POLICY } from "../policy-file.ts";
import { servingProgram } from "../serving-program.ts";

const HELP = `Serves the Next app of this folder with its limits as next dev does, and rebuilds as you edit.

  npx headgate dev             checks ${POLICY} if there is one, and serves
  npx headgate dev other.ts    checks another policy file first
  npx headgate dev --port 4000 --hostname 0.0.0.0
                               serves on another port and host than 3000 and 127.0.0.1; -p and -H for short
  npx headgate dev --with server.ts
                               starts the companions of the file with the app (defineServer of headgate/cli)

The environment is that of headgate start (npx headgate start --help).
`;

export default servingProgram({ name: "headgate dev", help: HELP, mode: "development" });
