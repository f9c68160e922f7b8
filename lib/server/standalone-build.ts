import { cpSync, existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** The part that is read of the file in which Next describes a build. */
interface BuildFiles {
  readonly config: { readonly output?: unknown };
  /** The app's folder inside of the traced folder, when a workspace has several apps. */
  readonly relativeAppDir?: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** An installed package. */
interface Installed {
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * Completes the folder that `output: "standalone"` made, so that it can serve the app alone. Next leaves out the
 * files for a CDN (`static`, `public`), and this package, which serves the app.
 *
 * @param root the app's folder
 * @param distDir the folder of the build, relative to `root`
 * @returns the folder that can be copied to another machine; undefined when the build is not standalone
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

/** Copies this package with the app's optional packages, such as the one that connects to REDIS_URL. */
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

/** Copies a package with its dependencies inside, so that no other version that Next has traced is used. */
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

/** Finds a package as Node does: in node_modules of the folder, and of each folder above. */
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
