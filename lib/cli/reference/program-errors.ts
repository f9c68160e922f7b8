import { type Group, SAYS_WHICH } from "./error-words.ts";

export const PROGRAMS: Group = {
  GATEWAY_INVALID: {
    when: "The gateway or a client by TCP has options that cannot work: an unreadable address, a token that no caller can send, a database that Redis rejects, or a port in use.",
    todo: SAYS_WHICH,
  },
  BUILD_FAILED: {
    when: "`next build` or OpenNext failed, the folder has no Next.js, or the code of a Worker would contain a variable that may be secret.",
    todo: "The error contains what the build printed, or says what to do.",
  },
  WORKER_FAILED: {
    when: "The Worker cannot run on this machine, for example because its port is in use.",
    todo: "The error contains what wrangler printed.",
  },
  AUDIT_FAILED: {
    when: "There is no build to audit, or one of its manifests cannot be read.",
    todo: "Run `next build`, then the audit again.",
  },
  CLI_USAGE: {
    when: "A command line is wrong, or names a file that does not exist. The exit status is 2.",
    todo: "The error contains the help of the command.",
  },
  NODE_UNSUPPORTED: {
    when: "The source of the command `headgate` was run by a Node that does not run TypeScript, or from inside `node_modules`. The exit status is 2.",
    todo: "Use Node 22.18 or later for the source. In another app install the package that `npm run package` builds.",
  },
};

export const INIT: Group = {
  INIT_NO_APP: {
    when: "`headgate init` found no Next.js app in the folder, a package.json that cannot be read, or no free name for one of its files.",
    todo: SAYS_WHICH,
  },
  INIT_SEVERAL_APPS: {
    when: "`headgate init` found several apps.",
    todo: "Name one by `--dir`. The error lists the commands.",
  },
  INIT_NEXT_UNSUPPORTED: {
    when: "The app has a Next below 15 or an unknown version of Next, or it is exported as files.",
    todo: "Install or upgrade Next first. The error says which.",
  },
  INIT_NOT_AGREED: {
    when: "`headgate init` has changes to write and cannot ask, because there is no terminal. The exit status is 2.",
    todo: "Run `npx headgate init --yes`.",
  },
  INIT_MIDDLEWARE: {
    when: "`headgate init` cannot wrap the form of the app's middleware.ts or proxy.ts.",
    todo: "The error says why, and what to write by hand.",
  },
  INIT_WRITE_FAILED: {
    when: "A file could not be written.",
    todo: "The error names the files that were written before it. Repair the cause, and run `npx headgate init` again.",
  },
  INIT_INSTALL_FAILED: {
    when: "The package manager ended with an error. The files are written.",
    todo: "Run the command that the error names.",
  },
};
