import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { packageName } from "#lib/server/package-name";
import { namespaceOf } from "#lib/core/namespace";
import { MACHINE } from "./machine.ts";
import { takeTurn } from "./turn.ts";

export const ROOT = join(import.meta.dirname, "..", "..");

/** What the sample's keys begin with under our own server, when no namespace is set. */
export const { name: NAMESPACE } = namespaceOf({ HEADGATE_APP: packageName(ROOT) });

/** The app under our own server, as `npm start` runs it. */
export interface RunningApp {
  readonly url: string;
  /** The process's id. */
  readonly pid: number;
  /** What it printed so far. */
  output(): string;
  /** Sends a signal; answers the exit code once it has ended. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** The store has long to answer: whether a loaded machine is quick is not the question. */
const PATIENT = {
  HEADGATE_STORE_DEADLINE_MS: "10000",
  // A server that is told to stop waits for what is counted in its window.
  METRICS_WINDOW_MS: "100",
};

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a Node program of this tree and waits until it prints the address that it serves.
 *
 * @param env beside {@link MACHINE}; nothing else of the machine's environment is handed on
 * @param node the Node that runs it; that of the tests unless said
 */
export async function startProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd = ROOT,
  node = process.execPath,
): Promise<RunningApp> {
  // Next lets one development server work in a folder.
  const isDev = args.some((arg) => arg === "dev" || arg === "--dev");
  const giveUpTurn = isDev ? await takeTurn(`next dev in ${cwd}`) : () => {};
  const child: ChildProcess = spawn(node, [...args], {
    cwd,
    env: { ...PATIENT, ...MACHINE, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => {
    running.delete(child);
    giveUpTurn();
  });

  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const ready = /(?:ready|Local:)\s+(http:\/\/\S+)/.exec(output)?.[1];
      if (ready) resolve(ready);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`ended with ${code}:\n${output}`)));
  });

  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await once(child, "exit");
      }
      return child.exitCode;
    },
  };
}

/** What `npm start` runs. */
export const START: readonly string[] = [
  "lib/cli/headgate.ts",
  "start",
  "--with",
  "app/_programs/server.ts",
];

/** What `npm run dev` runs. */
export const DEV: readonly string[] = START.map((word) => (word === "start" ? "dev" : word));

/** Starts the sample app on a free port. */
export function startApp(env: Readonly<Record<string, string>> = {}): Promise<RunningApp> {
  return startProgram(START, { PORT: "0", ...env });
}
