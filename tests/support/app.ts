import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { packageName } from "#lib/server/package-name";
import { namespaceOf } from "#lib/core/namespace";
import { MACHINE } from "./machine.ts";
import { takeTurn } from "./turn.ts";

export const ROOT = join(import.meta.dirname, "..", "..");

/** The prefix of the sample's keys under our own server, when no namespace is set. */
export const { name: NAMESPACE } = namespaceOf({ HEADGATE_APP: packageName(ROOT) });

/** The app under our own server, as `npm start` runs it. */
export interface RunningApp {
  readonly url: string;
  /** The process's id. */
  readonly pid: number;
  /** The output so far. */
  output(): string;
  /** Closes the pipes of its output, as when the program that reads its log ends. */
  closeOutput(): void;
  /** Sends a signal, and resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** The deadline of the store is long, because no test depends on the speed of a loaded machine. */
const PATIENT = {
  HEADGATE_STORE_DEADLINE_MS: "10000",
  // A server that stops waits for the end of its metrics window.
  METRICS_WINDOW_MS: "100",
};

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a Node program of this tree and waits until it prints the address that it serves.
 *
 * @param env variables besides {@link MACHINE}; the program gets no others of the machine
 * @param node the Node that runs the program, by default the one of the tests
 */
export async function startProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd = ROOT,
  node = process.execPath,
): Promise<RunningApp> {
  // Next allows one development server in a folder.
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
    closeOutput() {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await once(child, "exit");
      }
      return child.exitCode;
    },
  };
}

/** The arguments of `npm start`. */
export const START: readonly string[] = [
  "lib/cli/headgate.ts",
  "start",
  "--with",
  "app/_programs/server.ts",
];

/** The arguments of `npm run dev`. */
export const DEV: readonly string[] = START.map((word) => (word === "start" ? "dev" : word));

/** Starts the sample app on a free port. */
export function startApp(env: Readonly<Record<string, string>> = {}): Promise<RunningApp> {
  return startProgram(START, { PORT: "0", ...env });
}
