import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { buildPackage } from "../../config/package/build.ts";
import { packFolder } from "../../config/package/pack.ts";
import { ROOT } from "../support/app.ts";
import { startStore, type TestStore } from "../support/gateway.ts";
import { runCommand } from "./run-command.ts";

/** The shared parts of the cases: a folder for their files, the package, a store and pnpm. */
export interface World {
  readonly folder: string;
  /** The folder of the package's content. */
  readonly built: string;
  /** The path of its .tgz. */
  readonly tarball: string;
  readonly store: () => Promise<TestStore>;
  /** The arguments with which Node runs pnpm, which is installed for the cases. */
  readonly pnpm: () => Promise<readonly string[]>;
  /** Makes an empty folder for a case. */
  readonly newFolder: (name: string) => string;
  readonly end: () => Promise<void>;
}

const PNPM = "pnpm@10.34.8";

/**
 * Builds and packs the package in a temporary folder.
 *
 * @param given the path of a .tgz to test instead of a new one
 */
export async function openWorld(given?: string): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "headgate-package-"));
  const tarball = given === undefined ? await packedInto(folder) : resolve(given);
  const built = join(folder, "unpacked");
  unpack(tarball, built);
  let store: Promise<TestStore> | undefined;
  let pnpm: Promise<readonly string[]> | undefined;
  return {
    folder,
    built,
    tarball,
    store: () => (store ??= startStore()),
    pnpm: () => (pnpm ??= installPnpm(join(folder, "pnpm"))),
    newFolder(name) {
      const made = join(folder, "cases", name);
      mkdirSync(made, { recursive: true });
      return made;
    },
    async end() {
      await (await store)?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Builds and packs the package, and resolves to the path of its .tgz. */
async function packedInto(folder: string): Promise<string> {
  const built = join(folder, "built");
  await buildPackage(ROOT, built);
  return packFolder(built, folder).file;
}

/** Unpacks a package like an installer. */
export function unpack(tarball: string, to: string): void {
  mkdirSync(to, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", to, "--strip-components=1"]);
}

async function installPnpm(folder: string): Promise<readonly string[]> {
  write(folder, { "package.json": '{ "private": true }\n' });
  await runCommand(folder, "npm", ["install", "--no-audit", "--no-fund", PNPM]);
  return [join(folder, "node_modules", "pnpm", "bin", "pnpm.cjs")];
}

/** Writes files into a folder, by path. */
export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
