import { existsSync } from "node:fs";
import { join } from "node:path";
import { type App, findApp } from "./app.ts";
import { ciCommands, planCi } from "./ci.ts";
import { envExample } from "./env-example.ts";
import { planFromUpstash } from "./from-upstash/plan.ts";
import type { Translation } from "./from-upstash/translate.ts";
import { upward } from "./manifest.ts";
import { gateText, type PlannedMiddleware, planMiddleware } from "./middleware.ts";
import { gateFile, type OwnFile, policyFile } from "./names.ts";
import { COMMANDS } from "./package-manager.ts";
import { Plan, type PlannedChange } from "./plan.ts";
import { policyText } from "./policy-text.ts";
import { planRewrites } from "./rewrites.ts";
import { type AppRoute, routesOf } from "./routes.ts";
import { draftRules } from "./rules.ts";
import { type Trial, trialOf } from "./try-it.ts";

/** What `headgate init` found in an app, and the changes that it will make. */
export interface Init {
  readonly app: App;
  readonly routes: readonly AppRoute[];
  readonly changes: readonly PlannedChange[];
  readonly policy: OwnFile;
  readonly gate: OwnFile;
  readonly middleware: PlannedMiddleware;
  /**
   * What a person must do by hand so that the gate knows the app's rewrites; undefined when nothing is left
   * to do.
   */
  readonly rewrites: string | undefined;
  /** The command that installs Headgate; undefined when it is installed. */
  readonly install: readonly string[] | undefined;
  /** Commands for the app's CI; undefined when a workflow has them, or will have them. */
  readonly ci: readonly string[] | undefined;
  /** The translation of another library's limiters; undefined when no library was named. */
  readonly translation: Translation | undefined;
  /**
   * A request that a new rule denies; undefined when the policy existed already, or the gate is not before
   * the app yet.
   */
  readonly trial: Trial | undefined;
}

/**
 * Plans all changes that an app needs for its gate. It writes nothing.
 *
 * @param folder the app's folder, as a complete path
 * @param from the library whose limiters become rules
 * @throws {HeadgateError} INIT_NEXT_UNSUPPORTED or INIT_NO_APP
 * @example
 * const { changes } = await planInit("/app");
 */
export async function planInit(folder: string, from?: "upstash"): Promise<Init> {
  const app = await findApp(folder);
  const plan = new Plan(folder);
  const policy = policyFile(app);
  const gate = gateFile(app);
  const routes = routesOf(app);
  const draft = draftRules(routes);
  if (!policy.isThere) {
    plan.set(policy.path, policyText(draft), "the policy: what each rule allows");
  }
  if (!gate.isThere) {
    plan.set(gate.path, gateText(policy), "the gate, for middleware and for handlers");
  }
  // Translated before the middleware is wrapped, because its matcher says which paths it limits.
  const translation = from && planFromUpstash({ policy: policy.path, gate: gate.path }, plan);
  const middleware = planMiddleware(app, gate, plan);
  const rewrites = planRewrites(app, plan);
  const env = envExample(plan.read(".env.example"));
  plan.set(".env.example", env, "the variables that a deployment needs");
  const isInCi = planCi(app, policy.path, plan);
  return {
    app,
    routes,
    changes: plan.changes(),
    policy,
    gate,
    middleware,
    rewrites,
    install: isInstalled(app) ? undefined : [...COMMANDS[app.packageManager].add, "headgate"],
    ci: isInCi ? undefined : ciCommands(app, policy.path),
    translation,
    trial:
      policy.isThere || middleware.cannot !== undefined ? undefined : trialOf(app, draft.rules),
  };
}

function isInstalled({ folder, dependencies }: App): boolean {
  if (dependencies["headgate"] !== undefined) return true;
  return upward(folder).some((above) =>
    existsSync(join(above, "node_modules", "headgate", "package.json")),
  );
}
