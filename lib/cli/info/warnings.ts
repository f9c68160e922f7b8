import { SHARED_NAMESPACE } from "#lib/core/namespace";
import { type Variables, readAll } from "#lib/core/settings";
import { fromEnv } from "#lib/env";
import { httpSettings } from "#lib/server/http-settings";
import { listenAddress } from "#lib/server/listening";
import { namedStore } from "#lib/server/named-store";
import { OPEN_REDIS } from "#lib/server/store";
import { unknownVariables } from "#lib/unknown-variables";
import type { NodeMode } from "./environment.ts";

/** The data of an app that its warnings depend on. */
export interface WarnedApp {
  readonly mode: NodeMode;
  /** The name in package.json; undefined without a name. */
  readonly name: string | undefined;
}

/**
 * Returns the warnings and errors that a start would print, as far as the environment shows. No line contains
 * a value of a variable.
 */
export function findWarnings(env: Variables, { mode, name }: WarnedApp): readonly string[] {
  return [...unknownVariables(env), ...problemsOf(env, mode, name)];
}

function problemsOf(env: Variables, mode: NodeMode, name: string | undefined): readonly string[] {
  // A problem of CLIENT_IP_FROM is reported separately, because its error contains the value.
  const CLIENT_IP_FROM = env["CLIENT_IP_FROM"] && "hops:1";
  const given = { HEADGATE_APP: name, ...env, NODE_ENV: mode, CLIENT_IP_FROM };
  try {
    const { gate, named } = readAll({
      gate: () => fromEnv(given, { redisVariable: "REDIS_URL" }),
      named: () => namedStore(given),
      http: () => httpSettings(given, mode === "development"),
      listens: () => listenAddress(given),
    });
    const isOpen = named?.by === "tcp" && !named.address.password && !env["HEADGATE_SECRET"];
    return [
      ...(gate.missing ? [`next start, without headgate start: ${gate.missing.message}`] : []),
      ...(gate.isNamespaceShared && gate.mode !== "off" ? [SHARED_NAMESPACE] : []),
      ...(isOpen ? [OPEN_REDIS] : []),
    ];
  } catch (error) {
    return [error instanceof Error ? error.message : "The environment cannot be used."];
  }
}
