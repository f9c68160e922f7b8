import type { StoreDetails, StoreHealth, StoreHealthCheck } from "headgate/health";
import type { Caller } from "#app/_domain/auth/caller";
import type { Input } from "#app/_domain/http/problem";
import { json } from "#app/_domain/http/respond";

interface RedisHealth {
  readonly health: StoreHealthCheck;
  /** Returns the admin who sent a request, or the response to other callers. */
  readonly admin: (request: Request) => Promise<Input<Caller>>;
}

/**
 * Returns the health of Redis within one deadline: 200 when it is ok or degraded, 503 when it is down.
 * A request with a bearer token of the role admin gets details too; another token is rejected as on
 * other routes.
 */
export async function redisHealth(
  request: Request,
  { health, admin }: RedisHealth,
): Promise<Response> {
  const hasToken = request.headers.has("authorization");
  if (!hasToken) return answer(await health.check());
  const caller = await admin(request);
  if (!caller.ok) return caller.rejection;
  const [check, details] = await Promise.all([health.check(), health.details()]);
  return answer({ ...check, details });
}

function answer(body: StoreHealth & { readonly details?: StoreDetails }): Response {
  return json(body, body.status === "down" ? 503 : 200);
}
