/** What a program of an app shares with the command `headgate`. For Node only. */
export { checkPolicy, findPolicyFile } from "./policy-file.ts";
export { type Program, defineProgram, usageError } from "./program.ts";
export { defineServer, type ServerParts } from "./define-server.ts";
export { serveProject } from "./serve-project.ts";
