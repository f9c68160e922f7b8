import { randomBytes } from "node:crypto";
import { namedRedis } from "#lib/server/named-store";
import { settingsError, isToken, trimVariables } from "#lib/core/settings";
import { startGateway } from "#lib/gateway/server";
import { GATEWAY_TOKEN as TOKEN_WORDS } from "#lib/gateway/token";
import { clusterFlag } from "#lib/server/cluster-flag";
import { stopSignal } from "#lib/server/drain";
import { gatewayListensAt } from "#lib/server/listening";
import { wholeNumber } from "#lib/server/whole-number";
import { unknownVariables } from "#lib/unknown-variables";
import { defineProgram } from "../program.ts";

const HELP = `Serves the Upstash REST protocol in front of any Redis, Valkey or compatible server.

  npx headgate gateway
  REDIS_URL=rediss://default:password@redis.internal:6379 GATEWAY_TOKEN=... npx headgate gateway

  REDIS_URL         the Redis behind it          redis://127.0.0.1:6379
  HEADGATE_CLUSTER  1 for a Redis Cluster, by    0
                    any of its nodes
  GATEWAY_HOST      where to listen              127.0.0.1
  GATEWAY_PORT      0 for any that is free       8079
  GATEWAY_TOKEN     what callers must send       generated and printed if unset
  GATEWAY_ALLOW_SHARED
                    1 permits FUNCTION LOAD and  0
                    DELETE, MOVE, COPY with DB,
                    SLOWLOG GET

headgate/docs/operate/gateway-protocol.md describes the protocol, and
headgate/docs/reference/gateway-commands.md the commands that the gateway refuses.
`;

export default defineProgram({ name: "headgate gateway", help: HELP, args: {}, run: serveGateway });

async function serveGateway(): Promise<void> {
  const env = trimVariables(process.env);
  const { GATEWAY_TOKEN } = env;
  const options = optionsOf(env);
  for (const line of unknownVariables(env)) console.error(`warning  ${line}`);
  const gateway = await startGateway({
    ...options,
    token: GATEWAY_TOKEN ?? randomBytes(32).toString("base64url"),
    report: (line) => console.error(line),
  });
  // Signals are handled before the first line, because its reader may stop the gateway at once.
  const stop = stopSignal();
  console.log(`UPSTASH_REDIS_REST_URL=${gateway.url}`);
  // A token from the environment is a secret, and its owner knows it already.
  if (!GATEWAY_TOKEN) console.log(`UPSTASH_REDIS_REST_TOKEN=${gateway.token}`);
  console.log(`ready    ${gateway.url}`);
  await stop;
  await gateway.close();
}

/** @throws {HeadgateError} ENV_INVALID */
function optionsOf(env: Readonly<Record<string, string>>) {
  const { HEADGATE_CLUSTER, GATEWAY_TOKEN } = env;
  if (GATEWAY_TOKEN !== undefined && !isToken(GATEWAY_TOKEN)) {
    throw settingsError({ GATEWAY_TOKEN: TOKEN_WORDS });
  }
  return {
    redisUrl: namedRedis(env)?.href ?? "redis://127.0.0.1:6379",
    ...gatewayListensAt(env),
    cluster: clusterFlag(HEADGATE_CLUSTER),
    allowShared: wholeNumber(env, "GATEWAY_ALLOW_SHARED", 0, 0, 1) === 1,
  };
}
