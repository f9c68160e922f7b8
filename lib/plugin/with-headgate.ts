import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { trimVariables, type Variables } from "#lib/core/settings";
import { fromEnv, processVariables } from "#lib/env";
import type { FromEnvOptions } from "#lib/environment";

/** The parts of next.config that are read here. All other parts are kept. */
export interface NextConfigLike {
  /** The variables that Next writes into the code at build time. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Other names of the app's routes, in each of Next's forms. */
  readonly rewrites?: () => unknown;
}

/** A config as a function of Next's phase. */
export type ConfigFunction<Config, Context> = (
  phase: string,
  context: Context,
) => Config | Promise<Config>;

/** The options in addition to the config. */
export interface PluginOptions extends FromEnvOptions {
  /**
   * True when a build on Vercel must fail if no variable names a store. Use false for an app whose gate gets
   * its store from other variables or from code.
   * @default true
   * @example
   * export default withHeadgate({ poweredByHeader: false }, { checkStore: false });
   */
  readonly checkStore?: boolean;
}

/** The phases of Next that compile code and write `env` into it. */
const BUILD = "phase-production-build";
const MAKING: ReadonlySet<string> = new Set([BUILD, "phase-development-server"]);

/**
 * Returns next.config with the variables that the gate needs in `env`: the rewrites, which give a route a
 * second path, and the app's name, which separates its counts from those of other apps. Values that `env` of
 * the config already has are kept. The base path, the locales and the size at which Next truncates bodies
 * need no variable, because the gate finds them in each request.
 *
 * @param config next.config: an object, or a function of the phase, also an asynchronous one
 * @returns a config function for Next. A build on Vercel, which has the variables of the deployment, rejects
 *   with ENV_INVALID when no store is named or a variable is invalid. Other builds do not have these
 *   variables
 * @example
 * export default withHeadgate({ rewrites: async () => [{ source: "/s", destination: "/api/search" }] });
 */
export function withHeadgate<Config extends object = NextConfigLike, Context = unknown>(
  config: Config | Promise<Config> | ConfigFunction<Config, Context>,
  options: PluginOptions = {},
): (phase: string, context: Context) => Promise<Config> {
  return async (phase, context) => {
    const given = await (typeof config === "function" ? config(phase, context) : config);
    if (!MAKING.has(phase)) return given;
    if (phase === BUILD) checkBuild(processVariables(), options);
    const { env, rewrites }: NextConfigLike = given;
    const names = await rewrites?.();
    return {
      ...given,
      env: {
        ...nameIn(process.cwd()),
        ...(names !== undefined && { HEADGATE_REWRITES: JSON.stringify(names) }),
        ...env,
      },
    };
  };
}

/**
 * Fails a build whose deployment would count nothing. `vercel env pull` writes VERCEL=1 into a file on a
 * person's machine, so CI is checked too, which Vercel sets for each of its builds.
 */
function checkBuild(source: Variables, { checkStore = true, redisVariable }: PluginOptions): void {
  const { VERCEL, CI } = trimVariables(source);
  if (!checkStore || VERCEL !== "1" || CI !== "1") return;
  const { missing } = fromEnv(source, redisVariable === undefined ? {} : { redisVariable });
  if (missing) {
    const words = `${missing.message} Without them this deployment would count nothing. Set them for ${source["VERCEL_ENV"] ?? "its environment"}, or HEADGATE_MODE=off.`;
    throw new HeadgateError(missing.code, words, { cause: missing });
  }
}

function nameIn(root: string): NextConfigLike["env"] {
  const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly name?: string;
  };
  return name === undefined ? {} : { HEADGATE_APP: name };
}
