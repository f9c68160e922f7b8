import { cpSync, existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** As much as is read of the file in which Next describes a build. */
interface BuildFiles {
  readonly config: { readonly output?: unknown };
  /** The app's folder inside of what was traced, where a workspace has more than one. */
  readonly relativeAppDir?: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package as it is installed. */
interface Installed {
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * Completes what `output: "standalone"` made, so that the folder serves the app by itself: Next leaves out
 * the files for a CDN (`static`, `public`), and what serves the app, which is this package.
 *
 * @param root the app's folder
 * @param distDir the folder of the build, from the app's
 * @returns the folder that can be copied to another machine; undefined where the build is not standalone
 * @example
 * const folder = completeStandalone(process.cwd(), ".next");
 */
export function completeStandalone(root: string, distDir: string): string | undefined {
  const description = join(root, distDir, "required-server-files.json");
  if (!existsSync(description)) return undefined;
  const { config, relativeAppDir = "" } = readJson(description) as BuildFiles;
  const app = join(root, distDir, "standalone", relativeAppDir);
  if (config.output !== "standalone" || !existsSync(app)) return undefined;
  copyIfThere(join(root, distDir, "static"), join(app, distDir, "static"));
  copyIfThere(join(root, "public"), join(app, "public"));
  copyHeadgate(root, join(app, "node_modules"));
  return app;
}

/** The package, with the optional packages that the app has: by them it reaches REDIS_URL, for one. */
function copyHeadgate(root: string, to: string): void {
  const headgate = findPackage("headgate", root);
  if (headgate === undefined) return;
  copyPackage(headgate, to, []);
  const inside = join(to, "headgate", "node_modules");
  const { peerDependencies = {}, version, name } = headgate.manifest;
  for (const peer of Object.keys(peerDependencies)) {
    const installed = peer === "next" ? undefined : findPackage(peer, root);
    if (installed) copyPackage(installed, inside, [`${name}@${version}`]);
  }
}

/** Each package holds its dependencies, so that none meets another version that Next has traced. */
function copyPackage({ folder, manifest }: Installed, to: string, above: readonly string[]): void {
  const { name, version, dependencies = {} } = manifest;
  const copied = join(to, name);
  cpSync(folder, copied, { recursive: true, filter: (path) => !isInside(folder, path) });
  const within = [...above, `${name}@${version}`];
  for (const dependency of Object.keys(dependencies)) {
    const installed = findPackage(dependency, folder);
    if (!installed || within.includes(`${dependency}@${installed.manifest.version}`)) continue;
    copyPackage(installed, join(copied, "node_modules"), within);
  }
}

function isInside(folder: string, path: string): boolean {
  return path.slice(folder.length).split(/[\\/]/).includes("node_modules");
}

/** Looks for a package as Node does: in node_modules of the folder, and of each folder above. */
function findPackage(name: string, from: string): Installed | undefined {
  const folder = join(from, "node_modules", name);
  if (existsSync(join(folder, "package.json"))) {
    const real = realpathSync(folder);
    return { folder: real, manifest: readJson(join(real, "package.json")) as Manifest };
  }
  const above = dirname(from);
  return above === from ? undefined : findPackage(name, above);
}

function copyIfThere(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}
