import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../app.ts";
import { MACHINE } from "../machine.ts";

/** A command with the folder in which it runs. */
export interface Step {
  readonly command: string;
  readonly folder: string;
  /** Variables that the command gets besides those of the shell. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a command printed, and its exit status. */
export interface Ended {
  readonly status: number;
  readonly output: string;
}

/** The characters that end the output of a command. No command prints them. */
const END = "\u001e";

/**
 * The programs of a page, as bash functions. `npx headgate` runs the built package of the nearest node_modules
 * that has one, and otherwise the source of this tree.
 */
export const PROGRAMS = `
headgate() {
  local folder="$PWD"
  while [ "$folder" != "" ] && [ ! -e "$folder/node_modules/headgate/bin.mjs" ]; do
    folder="\${folder%/*}"
  done
  if [ "$folder" != "" ]; then node "$folder/node_modules/headgate/bin.mjs" "$@"
  else node '${join(ROOT, "lib", "cli", "headgate.ts")}' "$@"
  fi
}
npx() {
  case "$1" in
    headgate) shift; headgate "$@" ;;
    -c) sh -c "$2" ;;
    *) echo "npx $1 is not known here" >&2; return 127 ;;
  esac
}
curl() { command curl -H "x-forwarded-for: $CLIENT_ADDRESS" "$@"; }
`;

/**
 * Runs commands one after the other in one bash, in a terminal, and agrees to each question.
 *
 * @param env variables besides {@link MACHINE}; CLIENT_ADDRESS is the address from which curl sends
 */
export async function runInTerminal(
  steps: readonly Step[],
  env: Readonly<Record<string, string>>,
): Promise<readonly Ended[]> {
  const folder = mkdtempSync(join(tmpdir(), "headgate-terminal-"));
  const file = join(folder, "commands.sh");
  writeFileSync(file, `${PROGRAMS}\n${steps.map(scriptOf).join("\n")}\n`);
  try {
    const output = await typed(`bash --noprofile --norc '${file}'`, env);
    return [...output.matchAll(RegExp(`(.*?)${END}(\\d+)${END}`, "gs"))].map(
      ([, text = "", status]) => ({ output: text, status: Number(status) }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function scriptOf({ command, folder, env = {} }: Step): string {
  const variables = Object.entries(env).map(([name, value]) => `export ${name}='${value}'`);
  return [`cd '${folder}'`, ...variables, command, `printf '${END}%d${END}' $?`].join("\n");
}

/** Runs a command in a terminal, and resolves to the text of the terminal. */
function typed(command: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    env: { ...MACHINE, NODE_ENV: "production", NO_COLOR: "1", TZ: "UTC", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let text = "";
  let answered = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    const asked = text.split("[Y/n] ").length - 1;
    for (; answered < asked; answered += 1) child.stdin.write("y\n");
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve(text.replaceAll("\r\n", "\n")));
  });
}
