import { startProgram } from "../support/app.ts";
import { startRedis } from "../support/redis.ts";

/** A separate Redis behind our gateway in a separate process, as in a deployment. */
export async function startServed() {
  const redis = await startRedis();
  const token = "a-token-of-the-benchmark";
  const gateway = await startProgram(["lib/cli/gateway.ts"], {
    REDIS_URL: redis.url,
    GATEWAY_PORT: "0",
    GATEWAY_TOKEN: token,
  });
  return {
    url: gateway.url,
    token,
    redisUrl: redis.url,
    async stop() {
      await gateway.stop();
      await redis.stop();
    },
  };
}
