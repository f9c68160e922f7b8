import { existsSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { dependenciesOf, readManifest } from "./manifest.ts";

/** How deep below a workspace's root apps are searched: apps/shop/web is three. */
const DEEPEST = 3;

/** Folders that contain no app of the workspace. */
const SKIPPED = /^(?:node_modules|dist|out|build|\..*)$/;

/** The app that init works on. */
export interface ChosenApp {
  readonly folder: string;
  /** True when it was found below the folder in which init was called. */
  readonly isFound: boolean;
}

/**
 * Chooses the Next app that init works on: the one in the folder itself, or the only one of a workspace.
 *
 * @param folder a complete path
 * @throws {HeadgateError} INIT_NO_APP when the folder has no app; INIT_SEVERAL_APPS when a workspace has
 *   several
 */
export function chooseApp(folder: string): ChosenApp {
  if (!existsSync(folder)) {
    throw new HeadgateError("INIT_NO_APP", `There is no folder ${folder}.`);
  }
  if (hasNext(folder)) return { folder, isFound: false };
  const apps = nextAppsBelow(folder, DEEPEST);
  const [only] = apps;
  if (only === undefined) {
    throw new HeadgateError(
      "INIT_NO_APP",
      `There is no Next.js app in ${folder}: no package.json there names "next" among its dependencies. Run headgate init in the app's folder, or name the folder: --dir apps/web.`,
    );
  }
  if (apps.length === 1) return { folder: only, isFound: true };
  const names = apps.map((app) => relative(folder, app).split(sep).join("/"));
  throw new HeadgateError(
    "INIT_SEVERAL_APPS",
    [
      `${folder} has ${apps.length} Next.js apps. Name one:`,
      ...names.map((name) => `  npx headgate init --dir ${name}`),
    ].join("\n"),
  );
}

function hasNext(folder: string): boolean {
  const manifest = readManifest(folder);
  if (manifest === undefined || dependenciesOf(manifest)["next"] === undefined) return false;
  // The root of a workspace may list Next for its tools without having an app.
  const folders = ["app", "pages", join("src", "app"), join("src", "pages")];
  return folders.some((name) => existsSync(join(folder, name)));
}

function nextAppsBelow(folder: string, depth: number): readonly string[] {
  if (depth === 0) return [];
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !SKIPPED.test(entry.name))
    .map(({ name }) => join(folder, name))
    .toSorted();
  return folders.flatMap((below) => (hasNext(below) ? [below] : nextAppsBelow(below, depth - 1)));
}
