import { join } from "node:path";
import { existsSync } from "node:fs";
import { type App, filesNamed } from "./app.ts";
import type { OwnFile } from "./names.ts";
import type { Plan } from "./plan.ts";
import { wrapMiddleware } from "./wrap.ts";

/** The planned middleware, and what a person must do by hand. */
export interface PlannedMiddleware {
  readonly path: string;
  /** Why the app's own middleware could not be wrapped; undefined when the gate is before it. */
  readonly cannot: string | undefined;
  /** How the app's own middleware will behave differently; undefined when it will not. */
  readonly note: string | undefined;
}

/** Plans the middleware: a new file, or the app's own with the gate before it. */
export function planMiddleware(app: App, gate: OwnFile, plan: Plan): PlannedMiddleware {
  const own = ownMiddleware(app);
  if (own === undefined) {
    const path = newMiddleware(app);
    plan.set(path, middlewareText(gate), "runs the gate before every request");
    return { path, cannot: undefined, note: undefined };
  }
  const source = plan.read(own) ?? "";
  const result = wrapMiddleware(own, source, {
    gate: gate.specifier,
    hasLocales: app.hasLocales,
  });
  if (result.kind === "changed") {
    plan.set(own, result.source, "runs the gate, then the app's own middleware on the same paths");
  }
  const cannot = result.kind === "cannot" ? result.reason : undefined;
  const header = result.kind === "changed" ? result.routerHeader : undefined;
  return { path: own, cannot, note: header && noteOf(app, own, header) };
}

function noteOf({ keepsRouterHeaders }: App, path: string, header: string): string | undefined {
  if (keepsRouterHeaders) return undefined;
  const setting = /proxy\.[^/]*$/.test(path)
    ? "skipProxyUrlNormalize"
    : "skipMiddlewareUrlNormalize";
  return [
    `The matcher of ${path} has a condition on ${header}, which Next removes from a request before the gate`,
    "compares it: the app's own middleware now runs as if no request had that header. To keep its paths,",
    `set ${setting}: true in next.config: then request.url is as it was sent.`,
  ].join("\n");
}

/** Returns the app's own middleware.ts or proxy.ts, which Next only reads from beside the app's folder. */
function ownMiddleware(app: App): string | undefined {
  const names = app.next >= 16 ? ["proxy", "middleware"] : ["middleware"];
  return names
    .flatMap((name) => filesNamed(app, name))
    .find((file) => app.pageExtensions.some((it) => isNamed(file, app.home, it)));
}

function isNamed(file: string, home: string, extension: string): boolean {
  return file === `${home}proxy.${extension}` || file === `${home}middleware.${extension}`;
}

/**
 * Returns the name of a new middleware file. OpenNext does not support middleware on Node, which proxy.ts is.
 */
function newMiddleware({
  home,
  next,
  language,
  pageExtensions,
  dependencies,
  folder,
}: App): string {
  const onWorkers =
    dependencies["@opennextjs/cloudflare"] !== undefined ||
    existsSync(join(folder, "open-next.config.ts"));
  const name = next >= 16 && !onWorkers ? "proxy" : "middleware";
  const extension =
    pageExtensions.find((it) => it === language) ??
    pageExtensions.find((it) => it.endsWith(`.${language}`)) ??
    language;
  return `${home}${name}.${extension}`;
}

function middlewareText({ specifier }: OwnFile): string {
  return `import { gate } from "${specifier}";

export default gate.middleware;

// Next reads this from the source, so it must be a literal. It excludes only static files, because no rule
// applies to a path that is excluded here.
export const config = {
  matcher: ["/((?!_next/static/).*)"],
};
`;
}

/** Returns the text of the gate's file. */
export function gateText(policy: OwnFile): string {
  return `import { createHeadgate } from "headgate";
import policy from "${policy.specifier}";

export const gate = createHeadgate(policy);
`;
}
