import type { Redis } from "headgate/redis";
import { problemResponse, REDUCED_CAPACITY } from "headgate/respond";
import { json } from "#app/_domain/http/respond";

/** What asks a store whether it is there. */
interface RedisHealth {
  readonly redis: Pick<Redis, "ping">;
  /** Hears why it is not: the answer does not say, since anybody can read it. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Says whether Redis answers within the deadline: 200 with the round trip in milliseconds, or 503.
 * The answer names nothing of the store.
 */
export async function redisHealth({ redis, onFailure }: RedisHealth): Promise<Response> {
  const began = performance.now();
  try {
    await redis.ping();
  } catch (error) {
    onFailure(error);
    return problemResponse({
      type: REDUCED_CAPACITY,
      title: "Redis does not answer",
      status: 503,
      detail: "The store did not answer in time. The log says why.",
    });
  }
  const roundTripMs = Math.round((performance.now() - began) * 100) / 100;
  return json({ status: "ok", roundTripMs });
}
