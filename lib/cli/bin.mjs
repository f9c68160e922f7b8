#!/usr/bin/env node
// The bin `headgate`. Plain JavaScript on purpose: the commands are TypeScript, and a Node that does not
// run TypeScript must be able to say so.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The exit status of a command that cannot run; 1 means that a command has findings. */
const CANNOT_RUN = 2;

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const why = whyNot();
if (why === undefined) {
  await import("./headgate.ts");
} else {
  console.error(`NODE_UNSUPPORTED: ${why}`);
  process.exitCode = CANNOT_RUN;
}

/** Returns why this Node cannot run the commands; undefined when it can. */
function whyNot() {
  if (!process.features.typescript) {
    return `headgate's commands are TypeScript, which Node ${process.versions.node} does not run here. Run them with Node 22.18 or later, without --no-strip-types.`;
  }
  // Node does not run TypeScript of a package that was copied there. A linked package keeps the path of its folder.
  if (/[\\/]node_modules[\\/]/.test(folder)) {
    return `headgate's commands are TypeScript, which Node does not run from inside node_modules (${folder}). Keep the package's folder beside the app and install it as a link: npm install ./lib.`;
  }
  return undefined;
}
