import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { dependenciesOf, type Manifest, readManifest, upward } from "./manifest.ts";

/** The first major version of Next that the gate supports. */
const FIRST = 15;

/**
 * Returns the major version of an app's Next: the installed one, else the one in package.json.
 *
 * @throws {HeadgateError} INIT_NEXT_UNSUPPORTED below 15, and when the version is unknown
 * @example
 * nextMajor("/app", { dependencies: { next: "^16.0.0" } }); // 16
 */
export function nextMajor(folder: string, manifest: Manifest): number {
  const range = dependenciesOf(manifest)["next"] ?? "nothing";
  const version = installedNext(folder) ?? range;
  const major = majorOf(version);
  if (major === undefined) {
    throw new HeadgateError(
      "INIT_NEXT_UNSUPPORTED",
      `${join(folder, "package.json")} has next ${range}, which names no version, and Next is not installed. Install the packages of the app, then run headgate init again.`,
    );
  }
  if (major < FIRST) {
    throw new HeadgateError(
      "INIT_NEXT_UNSUPPORTED",
      `${folder} has Next ${version}, but Headgate needs Next ${FIRST} or later. Upgrade first: npx @next/codemod@latest upgrade.`,
    );
  }
  return major;
}

function installedNext(folder: string): string | undefined {
  for (const above of upward(folder)) {
    const { version } = (readManifest(join(above, "node_modules", "next")) ?? {}) as {
      readonly version?: string;
    };
    if (version !== undefined) return version;
  }
  return undefined;
}

/** Returns the latest major version of a range such as "^14.2 || ^15.0", which an installer would choose. */
function majorOf(version: string): number | undefined {
  const majors = [...version.matchAll(/(?<![\w.-])[\^~v>=<\s]*(\d{1,3})(?=\.|$|\s|-)/g)];
  return majors.length === 0 ? undefined : Math.max(...majors.map(([, major]) => Number(major)));
}
