import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToRegexp } from "path-to-regexp";

interface Condition {
  readonly type: string;
  readonly key: string;
  readonly value?: string;
}

interface Conditions {
  readonly has?: readonly Condition[];
  readonly missing?: readonly Condition[];
}

/** A project after `next build`. Each part has a default. */
export interface Project {
  /** The sources of the app router, by file name without extension: "api/search/route". */
  readonly app?: Readonly<Record<string, string>>;
  /** Keys of the app router that have no source, with their paths. */
  readonly made?: Readonly<Record<string, string>>;
  readonly pages?: readonly string[];
  /** Files in `public`. */
  readonly files?: readonly string[];
  readonly policy: object;
  /** The matchers of the middleware, or null for a project without middleware. */
  readonly matchers?: readonly (string | ({ readonly source: string } & Conditions))[] | null;
  /** True if the middleware runs in Node, which puts it into another manifest. */
  readonly inNode?: boolean;
  readonly rewrites?: readonly ({
    readonly source: string;
    readonly destination: string;
  } & Conditions)[];
  readonly basePath?: string;
  /** True if rewrites are in `beforeFiles` instead of `afterFiles`. */
  readonly inBeforeFiles?: boolean;
  readonly i18n?: { readonly locales: readonly string[]; readonly defaultLocale: string };
  readonly caseSensitive?: boolean;
  readonly prerendered?: readonly string[];
  /** Routes with parameters that the build prerendered in part, or that are rendered once and kept. */
  readonly prerenderedByParameter?: readonly string[];
  /** Pages of the app router with a Server Action. */
  readonly actions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly images?: object;
  readonly sourceFolder?: string;
  /** The text of the built middleware, in a file that the manifest names; none by default. */
  readonly built?: string;
  /** The sources of a middleware, from the project's folder. */
  readonly middlewareFiles?: readonly string[];
  readonly output?: string;
  readonly skipProxyUrlNormalize?: boolean;
}

/** The file with the text of a built middleware. */
const BUILT = "server/edge/chunks/middleware.js";

/** A matcher that covers every path. */
const WHOLE = "/((?!_next/static/).*)";

/** Writes a project to a new folder, and returns the folder. */
export function writeProject(project: Project): string {
  const root = mkdtempSync(join(tmpdir(), "headgate-audit-"));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  for (const [file, content] of Object.entries(manifests(project))) {
    write(`.next/${file}`, JSON.stringify(content));
  }
  for (const [name, source] of Object.entries(project.app ?? {})) {
    write(`${project.sourceFolder ?? ""}app/${name}.ts`, source);
  }
  if (project.built !== undefined) write(`.next/${BUILT}`, project.built);
  for (const file of project.middlewareFiles ?? []) write(file, "");
  for (const file of project.files ?? []) write(`public/${file}`, "");
  write("config/rate-limits.mjs", `export default ${JSON.stringify(project.policy)};`);
  return root;
}

function manifests(project: Project): Readonly<Record<string, unknown>> {
  const { basePath = "", i18n, matchers = [WHOLE], inNode = false, images } = project;
  const keys = Object.keys(project.app ?? {}).map((name) => [`/${name}`, pathOf(name)] as const);
  const built = (project.rewrites ?? []).map((rewrite) => builtRewrite(rewrite, project));
  const middleware = { matchers: matchers?.map((matcher) => builtMatcher(matcher, project)) };
  const isBuilt = project.built !== undefined;
  return {
    "app-path-routes-manifest.json": { ...Object.fromEntries(keys), ...project.made },
    "server/pages-manifest.json": Object.fromEntries(
      (project.pages ?? []).map((path) => [path, `pages${path}.js`]),
    ),
    "server/middleware-manifest.json": {
      middleware:
        matchers && !inNode ? { "/": { ...middleware, ...(isBuilt && { files: [BUILT] }) } } : {},
    },
    "server/functions-config-manifest.json": {
      functions: matchers && inNode ? { "/_middleware": { runtime: "nodejs", ...middleware } } : {},
    },
    ...(isBuilt && { "server/middleware.js.nft.json": { files: ["edge/chunks/middleware.js"] } }),
    "routes-manifest.json": {
      basePath,
      caseSensitive: project.caseSensitive ?? false,
      ...(i18n && { i18n }),
      rewrites: {
        beforeFiles: project.inBeforeFiles ? built : [],
        afterFiles: project.inBeforeFiles ? [] : built,
        fallback: [],
      },
    },
    "prerender-manifest.json": {
      routes: Object.fromEntries((project.prerendered ?? []).map((path) => [path, {}])),
      dynamicRoutes: Object.fromEntries(
        (project.prerenderedByParameter ?? []).map((route) => [route, {}]),
      ),
    },
    "server/server-reference-manifest.json": {
      node: {
        "00": { workers: Object.fromEntries((project.actions ?? []).map((key) => [key, {}])) },
      },
      edge: {},
    },
    "required-server-files.json": {
      config: {
        env: project.env ?? {},
        output: project.output,
        skipProxyUrlNormalize: project.skipProxyUrlNormalize,
        pageExtensions: ["tsx", "ts"],
        images: images ?? { unoptimized: true },
      },
    },
  };
}

/** Next omits groups, slots and the last part of a file's path. */
function pathOf(name: string): string {
  const folders = name.split("/").slice(0, -1);
  return `/${folders.filter((folder) => !/^(?:\((?!\.)|@)/.test(folder)).join("/")}`;
}

type Matcher = NonNullable<Project["matchers"]>[number];

function builtMatcher(matcher: Matcher, { basePath = "", i18n }: Project) {
  const { source, ...conditions } = typeof matcher === "string" ? { source: matcher } : matcher;
  const locale = i18n ? "/((?!_next/)[^/.]{1,})" : "";
  const { source: regexp } = pathToRegexp(`${basePath}${locale}${source}`);
  return { regexp, originalSource: source, ...conditions };
}

function builtRewrite(
  { source, destination, ...conditions }: NonNullable<Project["rewrites"]>[number],
  { basePath = "", i18n }: Project,
) {
  const prefix = basePath + (i18n ? `/:nextInternalLocale(${i18n.locales.join("|")})` : "");
  const isExternal = destination.startsWith("http");
  return {
    source: prefix + source,
    destination: isExternal ? destination : prefix + destination,
    regex: pathToRegexp(prefix + source, [], { strict: true }).source.replace(/\$$/, "(?:/)?$"),
    ...conditions,
  };
}
