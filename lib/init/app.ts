import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { nextConfig, nextConfigFile } from "#lib/audit/next-config";
import { showsPrefetches } from "#lib/audit/prefetch-seen";
import { dependenciesOf, type Manifest, readManifest } from "./manifest.ts";
import { nextMajor } from "./next-version.ts";
import { type PackageManager, packageManagerOf } from "./package-manager.ts";

/** The data of an app that init reads before its routes. */
export interface App {
  /** The app's folder, as a complete path. */
  readonly folder: string;
  /** The prefix of the paths of the app's files: "src/" when its routes are in src, else "". */
  readonly home: "" | "src/";
  /** The major version of Next. */
  readonly next: number;
  readonly hasAppRouter: boolean;
  readonly hasPagesRouter: boolean;
  /** The ending of the files that init makes. */
  readonly language: "ts" | "js";
  /** The endings of route and middleware files, from next.config. */
  readonly pageExtensions: readonly string[];
  readonly basePath: string;
  readonly trailingSlash: boolean;
  /** True when next.config has `i18n`. */
  readonly hasLocales: boolean;
  /** The name of its next.config when it has rewrites, which are other names of its routes. */
  readonly rewritesIn: string | undefined;
  /** True when next.config keeps the headers of Next's router on a request. */
  readonly keepsRouterHeaders: boolean;
  readonly packageManager: PackageManager;
  /** All dependencies, with their ranges. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  /** The root of its git repository; undefined when the folder is not in a repository. */
  readonly gitRoot: string | undefined;
  /** True when git ignores .env.example, as the template of create-next-app says. */
  readonly ignoresEnvExample: boolean;
  /** True when the repository has changes that are not committed. */
  readonly isDirty: boolean;
}

/** The default page extensions of Next. */
const PAGE_EXTENSIONS = ["tsx", "ts", "jsx", "js"];

/**
 * Reads an app's configuration and layout.
 *
 * @throws {HeadgateError} INIT_NEXT_UNSUPPORTED for another Next; INIT_NO_APP for an app without routes
 */
export async function findApp(folder: string): Promise<App> {
  const manifest = readManifest(folder) ?? {};
  const next = nextMajor(folder, manifest);
  const config = await nextConfig(folder);
  const { pageExtensions, basePath, trailingSlash, i18n, output } = config;
  if (output === "export") {
    throw new HeadgateError(
      "INIT_NEXT_UNSUPPORTED",
      `next.config of ${folder} says output: "export": such a build has only files, and no middleware runs. Limit requests where the files are served.`,
    );
  }
  const home = homeOf(folder);
  const gitRoot = git(folder, ["rev-parse", "--show-toplevel"])?.trim();
  return {
    folder,
    home,
    next,
    hasAppRouter: existsSync(join(folder, home, "app")),
    hasPagesRouter: existsSync(join(folder, home, "pages")),
    language: usesTypeScript(folder, manifest) ? "ts" : "js",
    pageExtensions: isTexts(pageExtensions) ? pageExtensions : PAGE_EXTENSIONS,
    basePath: typeof basePath === "string" ? basePath : "",
    trailingSlash: trailingSlash === true,
    hasLocales: typeof i18n === "object" && i18n !== null,
    rewritesIn: typeof config.rewrites === "function" ? nextConfigFile(folder) : undefined,
    keepsRouterHeaders: showsPrefetches(config),
    packageManager: packageManagerOf(folder, gitRoot),
    dependencies: dependenciesOf(manifest),
    scripts: manifest.scripts ?? {},
    gitRoot,
    ignoresEnvExample: git(folder, ["check-ignore", ".env.example"]) !== undefined,
    isDirty: (git(folder, ["status", "--porcelain"]) ?? "") !== "",
  };
}

/** Next writes tsconfig.json when it first runs, so an app may have the package before the file. */
function usesTypeScript(folder: string, manifest: Manifest): boolean {
  const hasPackage = dependenciesOf(manifest)["typescript"] !== undefined;
  return hasPackage || existsSync(join(folder, "tsconfig.json"));
}

/** Returns the paths of files in an app's home that have this name without its ending. */
export function filesNamed({ folder, home }: App, name: string): readonly string[] {
  const [, inside = "", base = name] = /^(.*\/)?([^/]+)$/.exec(name) ?? [];
  const at = join(folder, home, inside);
  if (!existsSync(at)) return [];
  return readdirSync(at)
    .filter((file) => file === base || file.startsWith(`${base}.`))
    .map((file) => `${home}${inside}${file}`)
    .toSorted();
}

/**
 * Returns the home of an app. Next uses src/app only when there is no app at the top; the same applies to
 * pages.
 */
function homeOf(folder: string): "" | "src/" {
  const has = (...names: readonly string[]) => existsSync(join(folder, ...names));
  if (has("app") || has("pages")) return "";
  if (has("src", "app") || has("src", "pages")) return "src/";
  throw new HeadgateError(
    "INIT_NO_APP",
    `${folder} has neither an app nor a pages folder, at the top or in src.`,
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((it) => typeof it === "string");
}

/** Returns the output of git; undefined without git, or when the folder is not in a repository. */
function git(folder: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync("git", [...args], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return undefined;
  }
}
