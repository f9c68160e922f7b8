import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type NextConfig, nextConfig } from "./next-config.ts";

/** What to do where a rule counts prefetches apart, and the gate cannot tell them. */
export const PREFETCH_UNSEEN =
  "A rule counts prefetches apart, and Next keeps from the gate what a prefetch is: set skipProxyUrlNormalize: true in next.config (skipMiddlewareUrlNormalize with middleware.ts), or serve the app with Headgate's own server.";

/** The command that starts our own server, which tells the gate of prefetches. */
const OUR_SERVER = /\bheadgate(?:\.ts|\/bin\.mjs)? (?:start|dev)\b/;

/** A program that a script runs, by its file. */
const PROGRAM = /[\w./-]+\.[cm]?[jt]s\b/g;

/** What a program imports that starts our own server itself. */
const STARTS_IT = /from "(?:headgate\/server|#lib\/server\/)/;

/** Whether the gate of a project can tell prefetches: by next.config, or since our server serves it. */
export async function seesPrefetches(project: string): Promise<boolean> {
  return startsOurServer(project) || showsPrefetches(await nextConfig(project));
}

/** Whether middleware sees Next's own headers by a config. */
export function showsPrefetches(config: NextConfig): boolean {
  return config.skipProxyUrlNormalize === true || config.skipMiddlewareUrlNormalize === true;
}

/** Returns true when the project's start script runs our own server, or a program that starts it. */
export function startsOurServer(project: string): boolean {
  const file = join(project, "package.json");
  if (!existsSync(file)) return false;
  const { scripts = {} } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly scripts?: Readonly<Record<string, string>>;
  };
  const start = scripts["start"] ?? "";
  const programs = (start.match(PROGRAM) ?? []).map((name) => join(project, name));
  return OUR_SERVER.test(start) || programs.some((program) => importsOurServer(program));
}

function importsOurServer(program: string): boolean {
  return existsSync(program) && STARTS_IT.test(readFileSync(program, "utf8"));
}
