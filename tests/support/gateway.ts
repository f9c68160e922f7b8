import { startGateway } from "#lib/gateway/server";
import { startRedis, type TestRedis } from "./redis.ts";

/** A real Redis behind our gateway. */
export interface TestStore {
  readonly url: string;
  readonly token: string;
  readonly redis: TestRedis;
  stop(): Promise<void>;
}

/** Starts a Redis and its gateway. The token is not a secret. */
export async function startStore(): Promise<TestStore> {
  const redis = await startRedis();
  const token = "a-token-of-the-tests";
  const gateway = await startGateway({ redisUrl: redis.url, token });
  return {
    url: gateway.url,
    token,
    redis,
    async stop() {
      await gateway.close();
      await redis.stop();
    },
  };
}
