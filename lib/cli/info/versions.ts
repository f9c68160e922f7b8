import { existsSync } from "node:fs";
import { arch, platform, release } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Manifest, readManifest } from "./read-manifest.ts";

/** The packages whose versions a bug report needs, in addition to Headgate. */
const PACKAGES = ["next", "react", "@upstash/redis", "@upstash/ratelimit", "ioredis", "wasmoon"];

const LOCKFILES = {
  "package-lock.json": "npm",
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
  "bun.lock": "bun",
  "bun.lockb": "bun",
} as const;

/** The form of a version. A package.json could contain any other text. */
const VERSION = /^\d[\w.+-]{0,40}$/;

/** A package and its version in an app. */
export interface PackageVersion {
  readonly name: string;
  /** The version; null when it is not installed, or its package.json names no version. */
  readonly version: string | null;
  /** True when the app's package.json lists it. */
  readonly isAskedFor: boolean;
}

/** The versions that an app runs on. */
export interface Versions {
  readonly headgate: string | null;
  readonly node: string;
  /** The name, release and architecture of the system, such as "linux 6.1.0 x64". */
  readonly system: string;
  /** The package manager, such as "pnpm 10.1.0"; null when it is unknown. */
  readonly packageManager: string | null;
  readonly packages: readonly PackageVersion[];
}

/**
 * Finds the versions that are installed for an app, in its folder and its parents.
 *
 * @param root the app's folder
 */
export function findVersions(root: string, manifest: Manifest): Versions {
  const listed = { ...record(manifest.dependencies), ...record(manifest.devDependencies) };
  return {
    headgate: ownVersion(),
    node: process.versions.node,
    system: `${platform()} ${release()} ${arch()}`,
    packageManager: packageManagerOf(root, manifest),
    packages: PACKAGES.map((name) => ({
      name,
      version: installedVersion(root, name),
      isAskedFor: Object.hasOwn(listed, name),
    })),
  };
}

function record(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

/** Returns the version of this package; null when its package.json cannot be read. */
export function ownVersion(): string | null {
  const folders = foldersFrom(dirname(fileURLToPath(import.meta.url)));
  const own = folders.map((it) => readManifest(it).manifest).find((it) => it.name === "headgate");
  return versionIn(own);
}

function installedVersion(root: string, name: string): string | null {
  const found = foldersFrom(root)
    .map((folder) => join(folder, "node_modules", name))
    .find((folder) => existsSync(join(folder, "package.json")));
  return found === undefined ? null : versionIn(readManifest(found).manifest);
}

function versionIn(manifest: Manifest | undefined): string | null {
  const version = manifest?.version;
  return typeof version === "string" && VERSION.test(version) ? version : null;
}

/** Returns a folder and all its parents, innermost first. */
function foldersFrom(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersFrom(above)];
}

function packageManagerOf(root: string, { packageManager }: Manifest): string | null {
  const [, name, version] =
    /^(npm|pnpm|yarn|bun)@(\d[\d.]{0,20})/.exec(String(packageManager)) ?? [];
  if (name !== undefined) return `${name} ${version}`;
  const locked = foldersFrom(root).flatMap((folder) =>
    Object.entries(LOCKFILES).flatMap(([file, manager]) =>
      existsSync(join(folder, file)) ? [{ file, manager }] : [],
    ),
  )[0];
  return locked ? `${locked.manager}, by ${locked.file}` : null;
}
