import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { HeadgateError } from "#lib/core/errors";
import { showsPrefetches, startsOurServer } from "./prefetch-seen.ts";
import { readRewrites, type Rewrites } from "#lib/policy/rewrites";
import { type BuiltMatcher, type BuiltRewrite, type Images, MANIFESTS } from "./schemas.ts";

/** The data of a build that an audit reads. */
export interface Build {
  /** A route's file, such as "/(shop)/api/cart/route", and its path. */
  readonly appPaths: Readonly<Record<string, string>>;
  /** The paths of the pages router. */
  readonly pages: readonly string[];
  /** The matchers; undefined when the app has no middleware. */
  readonly matchers: readonly BuiltMatcher[] | undefined;
  /** The path of a source file that looks like the app's middleware, from the project's folder. */
  readonly middlewareFile: string | undefined;
  /** True when the gate is in the built middleware; undefined when its files are unknown. */
  readonly holdsGate: boolean | undefined;
  /** True when the gate can see prefetches. */
  readonly seesPrefetches: boolean;
  /** True when the build has only files (`output: "export"`). */
  readonly isExported: boolean;
  readonly basePath: string;
  readonly i18n:
    | { readonly locales: readonly string[]; readonly defaultLocale: string }
    | undefined;
  readonly rewrites: readonly CasedRewrite[];
  /** Paths that were made at build time. */
  readonly prerendered: ReadonlySet<string>;
  /** Returns true when the build made some or all answers of a route. */
  readonly isPrerendered: (route: string) => boolean;
  /** Files of pages that a Server Action belongs to, as `appPaths` names them. */
  readonly withActions: ReadonlySet<string>;
  readonly pageExtensions: readonly string[];
  /** Globs of the paths that the image optimizer fetches on behalf of clients. */
  readonly optimized: readonly string[];
  /** Returns true when a file in `public` answers a path before any route. */
  readonly isPublic: (path: string) => boolean;
  /** The rewrites that the built middleware knows. */
  readonly handedOver: Rewrites | "unreadable";
}

/**
 * Reads the result of `next build` in a project's `.next`.
 *
 * @throws {HeadgateError} AUDIT_FAILED when there is no build, or a manifest cannot be read
 */
export function readBuild(project: string): Build {
  const folder = join(project, ".next");
  const app = read(folder, "app-path-routes-manifest.json", {});
  const pages = read(folder, "server/pages-manifest.json", {});
  const routes = read(folder, "routes-manifest.json");
  const { config } = read(folder, "required-server-files.json");
  const actions = read(folder, "server/server-reference-manifest.json", { node: {}, edge: {} });
  const prerendered = read(folder, "prerender-manifest.json", { routes: {} });
  return {
    appPaths: app,
    pages: Object.keys(pages),
    ...middlewareOf(folder),
    middlewareFile: middlewareFileOf(project),
    seesPrefetches: showsPrefetches(config) || startsOurServer(project),
    isExported: config.output === "export",
    basePath: routes.basePath,
    i18n: routes.i18n ?? undefined,
    rewrites: rewritesOf(routes),
    prerendered: new Set(Object.keys(prerendered.routes)),
    isPrerendered: prerenderedTest(prerendered),
    withActions: new Set(
      [...Object.values(actions.node), ...Object.values(actions.edge)].flatMap(({ workers }) =>
        Object.keys(workers).map((worker) => worker.replace(/^app(?=\/)/, "")),
      ),
    ),
    pageExtensions: config.pageExtensions,
    optimized: optimizedPaths(config.images),
    isPublic: (path) =>
      statSync(join(project, "public", path), { throwIfNoEntry: false })?.isFile() ?? false,
    handedOver: handedOver(config.env?.["HEADGATE_REWRITES"]),
  };
}

function prerenderedTest({ routes, dynamicRoutes = {} }: Content<"prerender-manifest.json">) {
  const sources = Object.entries(routes).map(([path, { srcRoute }]) => srcRoute ?? path);
  const made = new Set([...Object.keys(routes), ...sources, ...Object.keys(dynamicRoutes)]);
  return (route: string) => made.has(route);
}

/** A rewrite, and whether it is case-sensitive. */
export type CasedRewrite = BuiltRewrite & { readonly caseSensitive: boolean };

function rewritesOf(routes: Content<"routes-manifest.json">): CasedRewrite[] {
  const { rewrites, caseSensitive = false } = routes;
  const { beforeFiles, afterFiles, fallback } = Array.isArray(rewrites)
    ? { beforeFiles: [], afterFiles: rewrites, fallback: [] }
    : rewrites;
  return [
    // Next ignores `caseSensitiveRoutes` for these.
    ...beforeFiles.map((rewrite) => ({ ...rewrite, caseSensitive: false })),
    ...[...afterFiles, ...fallback].map((rewrite) => ({ ...rewrite, caseSensitive })),
  ];
}

/** The matcher of every path, which Next uses for a middleware without a matcher. */
const EVERY_PATH: BuiltMatcher = { regexp: "^/.*$", originalSource: "/:path*" };

function middlewareOf(folder: string): Pick<Build, "matchers" | "holdsGate"> {
  const { middleware } = read(folder, "server/middleware-manifest.json", { middleware: {} });
  const { functions } = read(folder, "server/functions-config-manifest.json", { functions: {} });
  const atEdge = middleware["/"];
  if (atEdge) return { matchers: atEdge.matchers, holdsGate: holdsGate(folder, atEdge.files) };
  const inNode = functions["/_middleware"];
  if (!inNode) return { matchers: undefined, holdsGate: undefined };
  const { files } = read(folder, "server/middleware.js.nft.json", { files: [] });
  const own = files.map((file) => join("server", file)).filter((file) => file.startsWith("server"));
  return { matchers: inNode.matchers ?? [EVERY_PATH], holdsGate: holdsGate(folder, own) };
}

/** The code of an error that is in every built middleware that compiles a policy. */
const MARK = "POLICY_INVALID";

function holdsGate(folder: string, files: readonly string[] = []): boolean | undefined {
  const built = files.map((file) => join(folder, file)).filter((file) => existsSync(file));
  if (built.length === 0) return undefined;
  return built.some((file) => readFileSync(file, "utf8").includes(MARK));
}

function middlewareFileOf(project: string): string | undefined {
  const names = ["middleware", "proxy"].flatMap((name) => [name, join("src", name)]);
  return names
    .flatMap((name) => ["ts", "tsx", "js", "jsx", "mjs"].map((ending) => `${name}.${ending}`))
    .find((file) => existsSync(join(project, file)));
}

/** Returns the patterns of the optimizer. An app without patterns permits every local path. */
function optimizedPaths(images: Images): readonly string[] {
  if (!images || images.unoptimized || (images.loader ?? "default") !== "default") return [];
  return images.localPatterns?.map(({ pathname }) => pathname ?? "**") ?? ["**"];
}

/** Reads the rewrites that next.config has written to a variable for the built middleware. */
function handedOver(text: unknown): Build["handedOver"] {
  if (text !== undefined && typeof text !== "string") return "unreadable";
  try {
    return readRewrites(text);
  } catch {
    return "unreadable";
  }
}

type Manifest = keyof typeof MANIFESTS;
type Content<M extends Manifest> = z.infer<(typeof MANIFESTS)[M]>;

/** Reads a manifest. `absent` is its content when it is missing, if a build may omit it. */
function read<M extends Manifest>(folder: string, name: M, absent?: Content<M>): Content<M> {
  let text: string;
  try {
    text = readFileSync(join(folder, name), "utf8");
  } catch (cause) {
    const isAbsent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (isAbsent && absent !== undefined) return absent;
    const what = isAbsent ? "There is no build to audit: no" : "Cannot read";
    throw new HeadgateError(
      "AUDIT_FAILED",
      `${what} ${join(folder, name)}. Run npm run build first.`,
      {
        cause,
      },
    );
  }
  try {
    // The schema belongs to the name.
    return MANIFESTS[name].parse(JSON.parse(text)) as Content<M>;
  } catch (cause) {
    const why = cause instanceof z.core.$ZodError ? inWords(cause) : "it is not JSON";
    throw new HeadgateError(
      "AUDIT_FAILED",
      `${join(folder, name)} is not as Next 16 writes it: ${why}. Build again; if the error stays, the audit does not support this version of Next.`,
      { cause },
    );
  }
}

function inWords({ issues }: z.core.$ZodError): string {
  const [first] = issues;
  return `${first?.path.join(".") || "the whole"}: ${first?.message ?? "cannot be"}`;
}
