import { nearest } from "#lib/core/nearest";
import { printError } from "#lib/core/print-error";
import { asksForHelp, type Program, teach, usageError } from "./program.ts";

export const HELP = `Headgate's command line.

  npx headgate init       puts the gate before an existing app
  npx headgate start      builds the app of this folder if it is not built, and serves it
  npx headgate dev        serves the app with next dev, and rebuilds as you edit
  npx headgate build      checks the policy, and builds the app
  npx headgate check      checks config/rate-limits.ts
  npx headgate audit      compares the last build's routes with the policy
  npx headgate explain    explains what the gate does with a request
  npx headgate inspect    shows the limits of one client, and why it is denied
  npx headgate reset      frees one client in the store
  npx headgate block      blocks a client or a network while the app runs
  npx headgate allow      allows a client or a network without counting it
  npx headgate override   replaces a limit of the policy, for one client or for all
  npx headgate mode       enforces all rules or one, puts them in shadow, or turns them off
  npx headgate control    shows what is set while the app runs, and the log of changes
  npx headgate gateway    serves the Upstash REST protocol in front of any Redis
  npx headgate info       prints what a bug report needs, without secrets

  npx headgate check --help      explains a command
  npx headgate --version         prints the version
  npm run headgate -- check      the same through a script of package.json, "headgate": "headgate"

The exit status is 0 for success, 1 for findings or a failure, and 2 for wrong arguments.
`;

/** Each command is loaded only when it runs, so that the gateway does not load the code of the audit. */
export const COMMANDS: Readonly<Record<string, () => Promise<{ readonly default: Program }>>> = {
  allow: () => import("./commands/allow.ts"),
  audit: () => import("./commands/audit.ts"),
  block: () => import("./commands/block.ts"),
  build: () => import("./commands/build.ts"),
  check: () => import("./commands/check.ts"),
  control: () => import("./commands/control.ts"),
  dev: () => import("./commands/dev.ts"),
  explain: () => import("./commands/explain.ts"),
  gateway: () => import("./commands/gateway.ts"),
  info: () => import("./commands/info.ts"),
  init: () => import("./commands/init.ts"),
  inspect: () => import("./commands/inspect.ts"),
  mode: () => import("./commands/mode.ts"),
  override: () => import("./commands/override.ts"),
  reset: () => import("./commands/reset.ts"),
  start: () => import("./commands/start.ts"),
};

/** Runs a command of the bin `headgate`. Resolves to the exit status. */
export const headgate: Program = async (rawArgs) => {
  const [name, ...args] = rawArgs;
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load) return (await load()).default(args);
  if (asksForHelp(rawArgs)) return teach(HELP);
  if (name === "--version" || name === "-v") return printVersion();
  if (name === undefined) console.log(HELP);
  else printError(usageError(`"${rawArgs.join(" ")}" is not a command.${hintFor(name)}`, HELP));
  return 2;
};

function hintFor(name: string): string {
  const meant = nearest(name, Object.keys(COMMANDS));
  return meant === undefined ? "" : ` Did you mean "headgate ${meant}"?`;
}

async function printVersion(): Promise<number> {
  const { ownVersion } = await import("./info/versions.ts");
  return teach(ownVersion() ?? "unknown");
}
