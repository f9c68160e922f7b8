import { existsSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { builtFolder } from "#lib/audit/next-config";
import { buildNext } from "#lib/server/build";
import { chooseNamedStore } from "#lib/server/named-store-only";
import { namedRedis } from "#lib/server/named-store";
import { recordRunningStore, redisEndpoint } from "#lib/server/running-store";
import { printLine, type Served, serveApp } from "#lib/server/serve-app";
import { isStandalone, useStandaloneConfig } from "#lib/server/standalone";
import { type ChosenStore, chooseStore } from "#lib/server/store";
import type { Variables } from "#lib/core/settings";
import type { ServerParts } from "./define-server.ts";
import { findAppForm } from "./info/app-form.ts";
import { findPolicyFile, projectPolicy } from "./policy-file.ts";

/** A project that is served from its folder. */
export interface ServedProject extends ServerParts, Pick<Served, "root" | "mode"> {
  /**
   * The path of the policy file.
   * @default config/rate-limits.ts, if there is one
   * @example
   * await serveProject({ root, mode: "production", policy: "limits/policy.ts" });
   */
  readonly policy?: string | undefined;
}

/**
 * Checks a project's policy, builds the project if needed, and serves it with a store until the process is
 * stopped. This is `headgate start` and `headgate dev`. A folder that `output: "standalone"` made is served
 * as it was built, and only with a store that the environment names.
 *
 * @throws {HeadgateError} CLI_USAGE for a policy file that does not exist, and in development for a folder
 *   without an app. Every other error is printed and ends the process with 1
 * @example
 * await serveProject({ root: process.cwd(), mode: "production" });
 */
export async function serveProject(project: ServedProject): Promise<never> {
  const { root, mode, policy, build = buildUnlessBuilt } = project;
  if (policy !== undefined) findPolicyFile(root, policy);
  if (mode === "development") expectApp(root);
  const standalone = mode === "production" && isStandalone(root);
  return serveApp({
    ...project,
    store: (env) => storeOf(project, standalone, env),
    async prepare() {
      if (standalone) {
        useStandaloneConfig(root);
        return "as it was built";
      }
      const line = await projectPolicy(root, policy);
      if (mode === "production") await build(root, printLine);
      return line;
    },
  });
}

/**
 * Throws when a folder has no app, for which Next would print a stack. In production a folder may have only
 * its build.
 */
function expectApp(root: string): void {
  if (findAppForm(root).routers.length > 0) return;
  throw new HeadgateError(
    "CLI_USAGE",
    `There is no folder app or pages in ${root}, or in its src: run headgate dev in the folder of a Next app.`,
  );
}

/** Starts the store, which commands on this machine find while it runs. */
async function storeOf(
  { root, mode }: ServedProject,
  standalone: boolean,
  env: Variables,
): Promise<ChosenStore> {
  const store = await (standalone ? chooseNamedStore : chooseStore)(env, printLine);
  const isSecretSet = env["HEADGATE_SECRET"] !== undefined;
  const { HEADGATE_SECRET, HEADGATE_SECRET_DERIVED } = store.variables;
  return recordRunningStore(root, store, {
    mode,
    redis: redisEndpoint(namedRedis(env)),
    isSecretSet,
    secret: isSecretSet ? undefined : HEADGATE_SECRET,
    isSecretDerived: HEADGATE_SECRET_DERIVED === "1",
  });
}

async function buildUnlessBuilt(root: string): Promise<void> {
  if (existsSync(join(root, await builtFolder(root), "BUILD_ID"))) return;
  printLine(
    "building the app, because nothing is built yet (later, headgate build builds it again) ...",
  );
  await buildNext(root);
}
