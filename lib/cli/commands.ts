import { nearest } from "#lib/core/nearest";
import { printError } from "#lib/core/print-error";
import { asksForHelp, type Program, teach, usageError } from "./program.ts";

const HELP = `Headgate's command line.

  npx headgate init       puts the gate before an app that is there already
  npx headgate start      builds where nothing is built, and serves the app of this folder
  npx headgate dev        serves it with next dev, and rebuilds as you edit
  npx headgate build      checks the policy, and builds
  npx headgate check      checks config/rate-limits.ts
  npx headgate audit      compares the last build's routes with the policy
  npx headgate explain    explains what the gate does with a request
  npx headgate inspect    tells how the limits of one client stand, and why it is denied
  npx headgate reset      frees one client in the store
  npx headgate block      blocks a client or a network while the app runs
  npx headgate allow      allows a client or a network without counting it
  npx headgate override   sets another limit than the policy's, for one client or for all
  npx headgate mode       enforces a rule or everything, puts it in shadow, or turns it off
  npx headgate control    shows what is set while the app runs, and the log of changes
  npx headgate gateway    serves the Upstash REST protocol in front of any Redis
  npx headgate info       prints what a report of a bug needs, without secrets

  npx headgate check --help      teaches a command
  npx headgate --version         prints the version
  npm run headgate -- check      the same by a script of package.json, "headgate": "headgate"

A command ends with 0 when all is well, with 1 for what it finds or what fails, and with 2 where it
cannot be run as it was called.
`;

/** A command loads what it needs when it is run: the gateway needs nothing of the audit's. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly default: Program }>>> = {
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

/** Runs a command of the bin `headgate`; resolves to the exit status. */
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
