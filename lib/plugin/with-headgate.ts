import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { trimVariables, type Variables } from "#lib/core/settings";
import { fromEnv, type FromEnvOptions, processVariables } from "#lib/env";

/** As much of next.config as is read here; what else it holds is kept. */
export interface NextConfigLike {
  /** What Next writes into the code at build. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Other names of the app's routes, in each of Next's forms. */
  readonly rewrites?: () => unknown;
}

/** A config as a function of what Next is about to do. */
export type ConfigFunction<Config, Context> = (
  phase: string,
  context: Context,
) => Config | Promise<Config>;

/** What the build is told beside the config. */
export interface PluginOptions extends FromEnvOptions {
  /**
   * Whether a build on Vercel fails where no variable names a store: false for an app whose gate reaches its
   * store by other variables or by code.
   * @default true
   */
  readonly checkStore?: boolean;
}

/** Next's phases in which code is made, and `env` is written into it. */
const BUILD = "phase-production-build";
const MAKING: ReadonlySet<string> = new Set([BUILD, "phase-development-server"]);

/**
 * Returns next.config with what the gate needs of it in `env`: the rewrites, by which a route has a second
 * name, and the app's name, by which its counts are told from those of another app. What `env` of the config
 * says of them itself stays. The base path, locales and the size at which Next cuts bodies need no
 * variable: the gate finds them in each request.
 *
 * @param config next.config: an object, or a function of the phase, also an asynchronous one
 * @returns a function as Next takes it. A build on Vercel, which has the variables of the deployment, rejects
 * with ENV_INVALID where no store is named or a variable cannot be used. No other build can know
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
 * Ends a build whose deployment would count nothing. `vercel env pull` writes VERCEL=1 into a file of a
 * person's machine, so CI is looked at too, which Vercel sets for each of its builds.
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
