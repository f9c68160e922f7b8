import { join } from "node:path";
import { existsSync } from "node:fs";
import { type App, filesNamed } from "./app.ts";
import type { OwnFile } from "./names.ts";
import type { Plan } from "./plan.ts";
import { wrapMiddleware } from "./wrap.ts";

/** Where the gate stands before the app, and what a person must do by hand for it. */
export interface PlannedMiddleware {
  readonly path: string;
  /** Why the app's own middleware could not be wrapped; undefined where the gate stands before it. */
  readonly cannot: string | undefined;
  /** What the app's own middleware does otherwise from now on; undefined where it is nothing. */
  readonly note: string | undefined;
}

/** Plans the middleware: a new file, or the app's own with the gate before it. */
export function planMiddleware(app: App, gate: OwnFile, plan: Plan): PlannedMiddleware {
  const own = ownMiddleware(app);
  if (own === undefined) {
    const path = newMiddleware(app);
    plan.set(path, middlewareText(gate), "asks the gate before every request");
    return { path, cannot: undefined, note: undefined };
  }
  const source = plan.read(own) ?? "";
  const result = wrapMiddleware(own, source, {
    gate: gate.specifier,
    hasLocales: app.hasLocales,
  });
  if (result.kind === "changed") {
    plan.set(own, result.source, "asks the gate, then runs the app's own middleware where it ran");
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
    `The matcher of ${path} has a condition on ${header}, which Next takes off a request before the gate`,
    "compares it: the app's own middleware now runs as if no request had that header. To run it where it ran,",
    `set ${setting}: true in next.config: then request.url is as it was sent.`,
  ].join("\n");
}

/** The app's own middleware.ts or proxy.ts, which Next takes from beside the app's folder alone. */
function ownMiddleware(app: App): string | undefined {
  const names = app.next >= 16 ? ["proxy", "middleware"] : ["middleware"];
  return names
    .flatMap((name) => filesNamed(app, name))
    .find((file) => app.pageExtensions.some((it) => isNamed(file, app.home, it)));
}

function isNamed(file: string, home: string, extension: string): boolean {
  return file === `${home}proxy.${extension}` || file === `${home}middleware.${extension}`;
}

/** OpenNext has no middleware in Node, which proxy.ts is. */
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

// Next reads this from the source, so it must be a literal. It leaves out static files alone: a path
// that is left out here is a way around every rule.
export const config = {
  matcher: ["/((?!_next/static/).*)"],
};
`;
}

/** Writes the gate's file. */
export function gateText(policy: OwnFile): string {
  return `import { createHeadgate } from "headgate";
import policy from "${policy.specifier}";

export const gate = createHeadgate(policy);
`;
}
