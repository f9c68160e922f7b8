import { existsSync } from "node:fs";
import { join } from "node:path";
import { readManifest, upward } from "./manifest.ts";

/** The package manager of an app. */
export type PackageManager = "npm" | "pnpm" | "yarn" | "bun";

const LOCKFILES: Readonly<Record<string, PackageManager>> = {
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
  "bun.lock": "bun",
  "bun.lockb": "bun",
  "package-lock.json": "npm",
};

/**
 * Finds an app's package manager: the one that `packageManager` of a package.json names, else the one with
 * the closest lockfile, in the app's folder or above it.
 *
 * @param last the folder above which nothing belongs to the app, such as that of its git repository
 */
export function packageManagerOf(folder: string, last?: string): PackageManager {
  for (const above of upward(folder, last)) {
    const named = /^(npm|pnpm|yarn|bun)@/.exec(readManifest(above)?.packageManager ?? "")?.[1];
    if (named !== undefined) return named as PackageManager;
    const lock = Object.keys(LOCKFILES).find((file) => existsSync(join(above, file)));
    if (lock !== undefined) return LOCKFILES[lock] ?? "npm";
  }
  return "npm";
}

/** Returns true when a package.json names the package manager with its version, which CI then uses. */
export function namesVersion(folder: string, last?: string): boolean {
  return upward(folder, last).some((above) => readManifest(above)?.packageManager !== undefined);
}

/** The commands of a package manager that init prints, runs or writes into a CI step. */
export interface Commands {
  /** Adds a package to the app: the program and its arguments. */
  readonly add: readonly string[];
  /** Installs the versions of the lockfile. */
  readonly install: string;
  /** Runs a script of package.json. */
  readonly run: string;
  /** Runs the bin of an installed package. */
  readonly exec: string;
}

export const COMMANDS: Readonly<Record<PackageManager, Commands>> = {
  npm: { add: ["npm", "install"], install: "npm ci", run: "npm run", exec: "npx" },
  pnpm: {
    add: ["pnpm", "add"],
    install: "pnpm install --frozen-lockfile",
    run: "pnpm run",
    exec: "pnpm exec",
  },
  yarn: { add: ["yarn", "add"], install: "yarn install", run: "yarn run", exec: "yarn" },
  bun: {
    add: ["bun", "add"],
    install: "bun install --frozen-lockfile",
    run: "bun run",
    exec: "bunx",
  },
};
