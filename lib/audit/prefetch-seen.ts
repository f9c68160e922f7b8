import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type NextConfig, nextConfig } from "./next-config.ts";

/** What to do when a rule counts prefetches separately, but the gate cannot see them. */
export const PREFETCH_UNSEEN =
  "A rule counts prefetches separately, but Next hides from the gate which requests are prefetches: set skipProxyUrlNormalize: true in next.config (skipMiddlewareUrlNormalize with middleware.ts), or serve the app with Headgate's own server.";

/** The command that starts our server, which marks prefetches for the gate. */
const OUR_SERVER = /\bheadgate(?:\.ts|\/bin\.mjs)? (?:start|dev)\b/;

/** The file of a program that a script runs. */
const PROGRAM = /[\w./-]+\.[cm]?[jt]s\b/g;

/** An import of a program that starts our server itself. */
const STARTS_IT = /from "(?:headgate\/server|#lib\/server\/)/;

/**
 * Returns true when the gate of a project can see prefetches, by next.config or because our server serves it.
 */
export async function seesPrefetches(project: string): Promise<boolean> {
  return startsOurServer(project) || showsPrefetches(await nextConfig(project));
}

/** Returns true when a config keeps Next's own headers for middleware. */
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
