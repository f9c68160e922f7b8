import * as z from "zod/mini";

const Condition = z.object({
  type: z.string(),
  key: z.optional(z.string()),
  value: z.optional(z.string()),
});

const Matcher = z.object({
  regexp: z.string(),
  originalSource: z.optional(z.string()),
  has: z.optional(z.array(Condition)),
  missing: z.optional(z.array(Condition)),
});

const BuiltRewrite = z.object({
  source: z.string(),
  destination: z.string(),
  regex: z.string(),
  has: z.optional(z.array(Condition)),
  missing: z.optional(z.array(Condition)),
});

const Rewrites = z.union([
  z.array(BuiltRewrite),
  z.object({
    beforeFiles: z.array(BuiltRewrite),
    afterFiles: z.array(BuiltRewrite),
    fallback: z.array(BuiltRewrite),
  }),
]);

const I18n = z.object({ locales: z.array(z.string()), defaultLocale: z.string() });

/** The manifests that an audit reads, by their path in `.next`, with the fields that it uses. */
export const MANIFESTS = {
  "app-path-routes-manifest.json": z.record(z.string(), z.string()),
  "server/pages-manifest.json": z.record(z.string(), z.string()),
  "server/middleware-manifest.json": z.object({
    middleware: z.record(
      z.string(),
      z.object({ matchers: z.array(Matcher), files: z.optional(z.array(z.string())) }),
    ),
  }),
  // The middleware is here when it runs on Node: proxy.ts, or a runtime of "nodejs".
  "server/functions-config-manifest.json": z.object({
    functions: z.record(z.string(), z.object({ matchers: z.optional(z.array(Matcher)) })),
  }),
  // The files of the middleware on Node, from the folder of this file.
  "server/middleware.js.nft.json": z.object({ files: z.array(z.string()) }),
  "routes-manifest.json": z.object({
    basePath: z.string(),
    caseSensitive: z.optional(z.boolean()),
    i18n: z.nullish(I18n),
    rewrites: Rewrites,
  }),
  "prerender-manifest.json": z.object({
    routes: z.record(z.string(), z.object({ srcRoute: z.nullish(z.string()) })),
    dynamicRoutes: z.optional(z.record(z.string(), z.unknown())),
  }),
  "server/server-reference-manifest.json": z.object({
    node: z.record(z.string(), z.object({ workers: z.record(z.string(), z.unknown()) })),
    edge: z.record(z.string(), z.object({ workers: z.record(z.string(), z.unknown()) })),
  }),
  "required-server-files.json": z.object({
    config: z.object({
      env: z.optional(z.record(z.string(), z.unknown())),
      output: z.optional(z.string()),
      skipProxyUrlNormalize: z.optional(z.boolean()),
      skipMiddlewareUrlNormalize: z.optional(z.boolean()),
      pageExtensions: z.array(z.string()),
      images: z.optional(
        z.object({
          unoptimized: z.optional(z.boolean()),
          loader: z.optional(z.string()),
          localPatterns: z.optional(z.array(z.object({ pathname: z.optional(z.string()) }))),
        }),
      ),
    }),
  }),
};

/** One matcher of the built middleware. */
export type BuiltMatcher = z.infer<typeof Matcher>;
/** One rewrite of the build: basePath and locale are in its source, and its pattern is compiled. */
export type BuiltRewrite = z.infer<typeof BuiltRewrite>;
/** The paths that the image optimizer may fetch. */
export type Images = z.infer<(typeof MANIFESTS)["required-server-files.json"]>["config"]["images"];
