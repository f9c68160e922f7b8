import { gateEnvironment } from "#config/gate-env";
import { scriptStore } from "#app/_domain/store/scripts";
import { createTogether, type HeadgateOptions, logEvents, readRewrites } from "headgate";

/** The gate's options from the environment: the same in the middleware and in handlers. */
export function gateOptions(): HeadgateOptions {
  const env = gateEnvironment();
  return {
    redis: scriptStore(),
    mode: env.mode,
    cluster: env.cluster,
    namespace: env.namespace,
    secret: env.secret,
    visitorSecret: env.visitorSecret,
    addressSource: env.clientAddress,
    ipv6Prefix: env.ipv6Prefix,
    cors: { origins: env.corsOrigins, exposedHeaders: env.corsExposedHeaders },
    cutAt: env.cutAt,
    identityDeadlineMs: env.store.deadlineMs,
    // Not of the environment: Next writes next.config's own value in the place of this, at build.
    rewrites: readRewrites(process.env["HEADGATE_REWRITES"]),
    together: env.joins ? createTogether() : undefined,
    legacyHeaders: env.legacyHeaders,
    onEvent: logEvents((line) => console.warn(line)),
  };
}
