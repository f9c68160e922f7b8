import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Build } from "./manifests.ts";
import { exportedMethods, METHODS } from "./methods.ts";

/**
 * The kind of a route: code of the app (a handler, or a file that is generated on request), a page, or a file
 * that the build made.
 */
export type RouteKind = "handler" | "generated" | "page" | "file";

export interface Route {
  /** The path as Next writes it, without the base path: "/users/[id]". */
  readonly path: string;
  readonly kind: RouteKind;
  /** The path of the source from the project's folder; undefined for a route without a source. */
  readonly file: string | undefined;
  /** The methods that reach code. HEAD belongs to GET. */
  readonly methods: readonly string[];
}

/** Represents every unusual method that Node's server accepts. */
export const ANY_OTHER = "PROPFIND";

/** The methods of a handler of the pages router, which Next calls for every method. */
const EVERY_METHOD = [...METHODS.filter((method) => method !== "HEAD"), ANY_OTHER];

/** Next's own pages, which have no path. */
const INTERNAL = /^\/(?:_app|_document|_error|_not-found|_global-error|404|500)$/;

const METADATA =
  /\/(?:favicon\.ico|robots\.txt|manifest\.(?:json|webmanifest)|sitemap(?:\.xml|\/\[__metadata_id__\])|(?:icon|apple-icon|opengraph-image|twitter-image)\d?(?:-\w{6})?(?:\.\w+)?(?:\/\[__metadata_id__\])?)$/;

const IMAGE = /\.(?:ico|jpe?g|png|gif|svg)$/;

/** Returns every route of a build, sorted by path. */
export function routesOf(build: Build, project: string): readonly Route[] {
  const app = Object.entries(build.appPaths).map(([key, path]) =>
    appRoute(key, path, build, project),
  );
  const pages = build.pages.map((key) => pagesRoute(withoutLocale(key, build), build, project));
  const byPath = new Map<string, Route>();
  for (const route of [...app, ...pages]) {
    const id = `${route.path} ${route.kind}`;
    const known = byPath.get(id);
    // Parallel routes are several files with one path.
    const methods = new Set([...(known?.methods ?? []), ...route.methods]);
    byPath.set(id, { ...(known ?? route), methods: [...methods] });
  }
  return [...byPath.values()]
    .filter(({ path }) => !INTERNAL.test(path))
    .toSorted((a, b) => compare(a.path, b.path) || compare(a.kind, b.kind));
}

function appRoute(key: string, path: string, build: Build, project: string): Route {
  const file = sourceOf("app", [key], build, project);
  if (key.endsWith("/page")) {
    return {
      path,
      kind: "page",
      file,
      methods: build.withActions.has(key) ? ["GET", "POST"] : ["GET"],
    };
  }
  if (!file && METADATA.test(path)) {
    const isFile = build.prerendered.has(path) || IMAGE.test(path);
    return { path, kind: isFile ? "file" : "generated", file, methods: ["GET"] };
  }
  return { path, kind: "handler", file, methods: handled(file, project) };
}

function pagesRoute(path: string, build: Build, project: string): Route {
  const file = sourceOf("pages", [path, path === "/" ? "/index" : `${path}/index`], build, project);
  const isHandler = path === "/api" || path.startsWith("/api/");
  return isHandler
    ? { path, kind: "handler", file, methods: EVERY_METHOD }
    : { path, kind: "page", file, methods: ["GET"] };
}

/** Returns the methods of a handler of the app router. A preflight (OPTIONS) is not counted by design. */
function handled(file: string | undefined, project: string): readonly string[] {
  const exported = file && exportedMethods(file, readFileSync(join(project, file), "utf8"));
  const methods = exported || METHODS;
  return methods.filter(
    (method) => method !== "OPTIONS" && !(method === "HEAD" && methods.includes("GET")),
  );
}

function sourceOf(
  folder: "app" | "pages",
  names: readonly string[],
  { pageExtensions }: Build,
  project: string,
): string | undefined {
  return ["", "src"]
    .flatMap((above) =>
      names.flatMap((name) =>
        pageExtensions.map((extension) => join(project, above, folder, `${name}.${extension}`)),
      ),
    )
    .filter((file) => existsSync(file))
    .map((file) => relative(project, file))[0];
}

function withoutLocale(path: string, { i18n }: Build): string {
  const locale = i18n?.locales.find((name) => `${path}/`.startsWith(`/${name}/`));
  return locale ? path.slice(locale.length + 1) || "/" : path;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
