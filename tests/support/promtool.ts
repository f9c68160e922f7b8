import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "#lib/server/find-program";
import { ROOT } from "./app.ts";

/** The result of a run of promtool. */
export interface PromtoolRun {
  /** True if promtool exited with status 0. */
  readonly ok: boolean;
  /** The text of both outputs. */
  readonly output: string;
}

/**
 * Runs promtool: `check metrics` with metrics on its standard input, `check rules` and `test rules` with
 * files. If the PATH has no promtool, the program is extracted from Debian's package prometheus. The package
 * is not installed, because its service would start.
 *
 * @param args the arguments of promtool
 * @param input the text of its standard input
 * @throws {Error} when the package cannot be downloaded, with the output of apt-get
 * @example
 * const { ok, output } = await promtool(["check", "metrics"], text);
 */
export async function promtool(args: readonly string[], input = ""): Promise<PromtoolRun> {
  return run(await program(), args, { input });
}

let found: Promise<string> | undefined;

/** Returns the path of promtool. */
function program(): Promise<string> {
  found ??= unpacked();
  return found;
}

/** Several processes may unpack it at once, so each works in a separate folder and renames the program. */
async function unpacked(): Promise<string> {
  const cache = join(ROOT, "node_modules", ".cache", "promtool");
  const path = join(cache, "promtool");
  const there = findProgram("promtool") ?? (existsSync(path) ? path : undefined);
  if (there !== undefined) return there;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "unpacked-"));
  try {
    await download(folder);
    const file = readdirSync(folder).find((name) => name.endsWith(".deb")) ?? "";
    await must("dpkg-deb", ["-x", file, "."], folder);
    renameSync(join(folder, "usr", "bin", "promtool"), path);
    return path;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A fresh machine has no package lists. Only root may fetch them. */
async function download(folder: string): Promise<void> {
  const args = ["download", "-q", "prometheus"];
  const { ok } = await run("apt-get", args, { cwd: folder });
  if (ok) return;
  await must("apt-get", ["update", "-q"], folder);
  await must("apt-get", args, folder);
}

async function must(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { ok, output } = await run(command, args, { cwd });
  if (ok) return;
  throw new Error(
    `The tests need promtool, and ${command} ${args.join(" ")} failed:\n${output}Install Debian's package prometheus, or put promtool on the PATH.`,
  );
}

async function run(
  command: string,
  args: readonly string[],
  { input = "", cwd }: { readonly input?: string; readonly cwd?: string },
): Promise<PromtoolRun> {
  const child = spawn(command, args, { cwd });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  // A program that exits before it has read its input closes the pipe.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [status] = (await once(child, "close")) as [number | null];
  return { ok: status === 0, output };
}
