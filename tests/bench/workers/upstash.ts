import { Ratelimit } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis/cloudflare";
import { type Env, type Handle, pong, workerOf } from "./worker.ts";

// The usual middleware: the package's sliding window by address, with default settings.
export function createHandler({ STORE_URL, STORE_TOKEN }: Env): Handle {
  const ratelimit = new Ratelimit({
    redis: new Redis({ url: STORE_URL, token: STORE_TOKEN, enableTelemetry: false }),
    limiter: Ratelimit.slidingWindow(1_000_000_000, "60 s"),
  });
  return async (request) => {
    const ip = request.headers.get("x-forwarded-for") ?? "127.0.0.1";
    const { success } = await ratelimit.limit(ip);
    return success ? pong() : new Response("Too many requests", { status: 429 });
  };
}

export default workerOf(createHandler);
