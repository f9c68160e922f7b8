import type { StoreDetails, StoreHealth, StoreHealthCheck } from "headgate/health";
import type { Caller } from "#app/_domain/auth/caller";
import type { Input } from "#app/_domain/http/problem";
import { json } from "#app/_domain/http/respond";

interface RedisHealth {
  readonly health: StoreHealthCheck;
  /** Lets admins through, and answers the others. */
  readonly admin: (request: Request) => Promise<Input<Caller>>;
}

/**
 * Returns how Redis is: 200 where it is ok or degraded, 503 where it is down, within one deadline. A
 * request with a bearer token of the role admin is told more; any other token is refused as elsewhere.
 */
export async function redisHealth(
  request: Request,
  { health, admin }: RedisHealth,
): Promise<Response> {
  const asksForMore = request.headers.has("authorization");
  if (!asksForMore) return answer(await health.check());
  const caller = await admin(request);
  if (!caller.ok) return caller.refusal;
  const [check, details] = await Promise.all([health.check(), health.details()]);
  return answer({ ...check, details });
}

function answer(body: StoreHealth & { readonly details?: StoreDetails }): Response {
  return json(body, body.status === "down" ? 503 : 200);
}
