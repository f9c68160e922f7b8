import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { dependenciesOf, type Manifest, readManifest, upward } from "./manifest.ts";

/** The first major version of Next whose middleware the gate runs in. */
const FIRST = 15;

/**
 * Returns the major version of an app's Next: of what is installed, else of what package.json asks for.
 *
 * @throws {HeadgateError} INIT_NEXT_UNSUPPORTED below 15, and where the version cannot be told
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
      `${join(folder, "package.json")} asks for next ${range}, which names no version, and Next is not installed. Install the packages of the app, then run headgate init again.`,
    );
  }
  if (major < FIRST) {
    throw new HeadgateError(
      "INIT_NEXT_UNSUPPORTED",
      `${folder} has Next ${version}, and Headgate needs Next ${FIRST} or later. Upgrade first: npx @next/codemod@latest upgrade.`,
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

/** Of "^14.2 || ^15.0" the latest, which is what an installer takes. */
function majorOf(version: string): number | undefined {
  const majors = [...version.matchAll(/(?<![\w.-])[\^~v>=<\s]*(\d{1,3})(?=\.|$|\s|-)/g)];
  return majors.length === 0 ? undefined : Math.max(...majors.map(([, major]) => Number(major)));
}
