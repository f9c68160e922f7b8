import { deepStrictEqual, match } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startProgram } from "../support/app.ts";
import type { Case } from "./case.ts";
import { type Ran, runCommand, tryCommand } from "./run-command.ts";
import { type World, write } from "./world.ts";

/** An app for a test of `headgate init`. */
export interface Made {
  /** The repository where init runs. */
  readonly root: string;
  /** The app's folder. */
  readonly app: string;
  /** The arguments of `headgate init`. */
  readonly args: readonly string[];
  /** The expected path of the policy, from the app's folder. */
  readonly policy: string;
  /** Folders of programs in front of PATH, such as the folder of pnpm. */
  readonly programs?: string;
}

/** Routes of an app that need rules. */
export const ROUTES: Readonly<Record<string, string>> = {
  "app/api/login/route.ts": `export async function POST(request: Request): Promise<Response> {
  return Response.json({ body: await request.text() });
}
`,
  "app/api/items/[id]/route.ts": `export const GET = () => Response.json({ item: 1 });
export { GET as PUT };
`,
  "app/api/health/route.ts": 'export const GET = () => new Response("ok");\n',
  "app/contact/page.tsx": `async function send(): Promise<void> {
  "use server";
}

export default function Contact() {
  return (
    <form action={send}>
      <button>Send</button>
    </form>
  );
}
`,
};

/** A workflow that the repository already has. */
export const WORKFLOW = {
  ".github/workflows/ci.yml": "on: push\njobs: {}\n",
};

/** Makes a case: an app, init, a second run, the commands of its CI, and the first 429 in development. */
export function initCase(
  name: string,
  what: string,
  make: (world: World, say: (line: string) => void) => Promise<Made>,
): Case {
  return {
    name,
    what,
    async run(world, say) {
      const made = await make(world, say);
      await commit(made.root);
      say("headgate init");
      const done = await init(made);
      match(done.output, new RegExp(`^wrote +${made.policy.replaceAll(".", "\\.")}$`, "m"));
      await commit(made.root);
      const again = await init(made);
      match(again.output, /\nnothing to do\n/);
      deepStrictEqual(await git(made.root, "status", "--porcelain"), "");
      for (const command of ciCommands(made)) {
        say(command);
        await shell(made, command);
      }
      say("next dev");
      const counted = await tryTrial(made, done.output);
      return `${done.output.match(/^wrote/gm)?.length} files; in development: ${counted.join(", ")}`;
    },
  };
}

async function init(made: Made): Promise<Ran> {
  const bin = join(installed(made, "headgate"), "bin.mjs");
  const ran = await tryCommand(made.root, "node", [bin, "init", "--yes", ...made.args]);
  if (ran.status !== 0) throw new Error(ran.output);
  return ran;
}

/** Returns the folder of a package, which npm may install at the root of a workspace. */
function installed({ app, root }: Made, name: string): string {
  const own = join(app, "node_modules", name);
  return existsSync(own) ? own : join(root, "node_modules", name);
}

/** Returns the commands of the workflow that init wrote, without the install command. */
function ciCommands({ root }: Made): readonly string[] {
  const workflow = readFileSync(join(root, ".github", "workflows", "headgate.yml"), "utf8");
  const runs = [...workflow.matchAll(/^ +- run: (.*)$/gm)].map(([, command = ""]) => command);
  const commands = runs.filter((command) => !/\b(?:npm ci|install)\b/.test(command));
  deepStrictEqual(commands.length, 3);
  return commands;
}

/** Runs a shell command in the app's folder. Throws when the command fails. */
async function shell({ app, programs }: Made, command: string): Promise<string> {
  const path = [...(programs === undefined ? [] : [programs]), process.env["PATH"]].join(":");
  const { status, output } = await tryCommand(app, "sh", ["-c", command], { PATH: path });
  if (status !== 0) throw new Error(`${command} ended with ${status}:\n${output}`);
  return output;
}

/** Starts the app in development, and sends the requests that init printed. Only the last one is denied. */
async function tryTrial(made: Made, printed: string): Promise<readonly string[]> {
  const next = join(installed(made, "next"), "dist", "bin", "next");
  const args = [next, "dev", "-p", "0", "-H", "localhost"];
  const server = await startProgram(args, { NODE_ENV: "development" }, made.app);
  try {
    const [, command = ""] = /^ +(curl .*)$/m.exec(printed) ?? [];
    const counted = await shell(made, command.replace("http://localhost:3000", server.url));
    const lines = counted.trim().split(/\s*\n\s*/);
    deepStrictEqual(lines.at(-1), "1 429");
    return lines;
  } finally {
    await server.stop();
  }
}

/** Makes a folder a repository, unless it is one, and commits all its files. */
async function commit(root: string): Promise<void> {
  await git(root, "init", "-q");
  await git(root, "add", "-A");
  await git(root, "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qm", "all");
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const { status, output } = await tryCommand(cwd, "git", args);
  if (status !== 0) throw new Error(output);
  return output;
}

/** Installs the package in an app with npm. */
export async function installByNpm(app: string, { tarball }: World): Promise<void> {
  await runCommand(app, "npm", ["install", "--no-audit", "--no-fund", tarball]);
}

/** Writes additional files into an app, and a workflow into its repository. */
export function addFiles(root: string, home: string, files = ROUTES): void {
  write(home, files);
  write(root, WORKFLOW);
}
