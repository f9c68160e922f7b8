import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { startGuarded } from "./guarded.ts";

/**
 * Runs `next build` in a project's folder, by the project's own Next.
 *
 * @param onOutput called with the build's output, as it is printed
 * @throws {HeadgateError} BUILD_FAILED, with the build's output
 * @example
 * await buildNext(process.cwd(), (text) => process.stdout.write(text));
 */
export async function buildNext(root: string, onOutput?: (text: string) => void): Promise<void> {
  await runBuild(root, [nextProgram(root), "build"], onOutput);
}

function nextProgram(root: string): string {
  try {
    return createRequire(join(root, "package.json")).resolve("next/dist/bin/next");
  } catch (cause) {
    const message = `There is no Next.js in ${root}: run it in the folder of a Next app, after npm install.`;
    throw new HeadgateError("BUILD_FAILED", message, { cause });
  }
}

/**
 * Runs a Node program that builds. The program, and the processes that it starts, end when this process ends.
 *
 * @param onOutput called with the program's output, as it is printed
 * @throws {HeadgateError} BUILD_FAILED, with the program's output, unless `onOutput` was called with it
 * @example
 * await runBuild(root, ["scripts/bundle.mjs"]);
 */
export async function runBuild(
  root: string,
  args: readonly string[],
  onOutput?: (text: string) => void,
): Promise<void> {
  const build = startGuarded(process.execPath, args, {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      WRANGLER_SEND_METRICS: "false",
    },
  });
  let output = "";
  const keep = onOutput ?? ((text: string) => (output += text));
  for (const stream of build.output) {
    stream.on("data", (chunk: Buffer) => keep(chunk.toString()));
  }
  const status = await build.ended;
  if (status === 0) return;
  const what = args.map((arg) => basename(arg)).join(" ");
  const why = onOutput ? `it ended with ${status ?? "a signal"}` : `\n${output.trim()}`;
  throw new HeadgateError("BUILD_FAILED", `${what} failed:${onOutput ? " " : ""}${why}`);
}
