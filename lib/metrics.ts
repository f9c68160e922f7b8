/** Metrics of a gate: counters in Redis, and their text for Prometheus. */
import { monotonic } from "#lib/core/clock";
import { exposition, type Readings } from "#lib/observe/exposition";
import type { GateHandle } from "./create.ts";

export { type CounterOptions, type CounterParts, countEvents } from "#lib/observe/counters";

/** The part of a gate that metrics are read by. */
type Scraped = Pick<GateHandle, "requester" | "keys">;

/** The fields of INFO that are exported, and the names of their metrics. */
const INFO_FIELDS = {
  used_memory: "redis_memory_used_bytes",
  maxmemory: "redis_memory_max_bytes",
  evicted_keys: "redis_evicted_keys_total",
  connected_clients: "redis_connected_clients",
} as const;

/**
 * Returns the metrics of all instances in Prometheus's text format 0.0.4: the sums that `countEvents` keeps in
 * Redis, and gauges from INFO. Never rejects: when Redis does not answer, `headgate_redis_up` is 0 and no
 * counter has a value.
 *
 * @example
 * const text = await renderMetrics(gate);
 */
export async function renderMetrics(gate: Scraped): Promise<string> {
  const { requester, keys } = gate;
  const startedAt = monotonic();
  try {
    await requester.request({ body: ["PING"] });
    const roundTrip = (monotonic() - startedAt) / 1000;
    const [totals, info] = await Promise.all([
      requester.request({ body: ["HGETALL", keys.counters("totals")] }),
      requester.request({ body: ["INFO"] }).catch(() => ({ result: "" })),
    ]);
    return exposition(recordOf(totals.result), {
      redis_up: 1,
      redis_round_trip_seconds: roundTrip,
      ...readInfo(String(info.result)),
    });
  } catch {
    return exposition(undefined, { redis_up: 0 });
  }
}

/**
 * Returns the response to a scrape: 404 when `token` is unset, 401 for a request without it, else the metrics.
 *
 * @param token the token that the scraper must send as `Authorization: Bearer <token>`
 * @example
 * export const GET = (request: Request) => metricsResponse(request, gate, process.env["METRICS_TOKEN"]);
 */
export async function metricsResponse(
  request: Request,
  gate: Scraped & Pick<GateHandle, "keyedHash">,
  token: string | undefined,
): Promise<Response> {
  // With cacheComponents, Next runs handlers at the build too, and keeps a response that used nothing of the
  // request. So the header is read even when it decides nothing.
  const given = request.headers.get("authorization") ?? "";
  if (!token) return answer("Not found\n", 404);
  // Keyed hashes are compared, so that the time of the comparison does not reveal the token.
  const [asked, wanted] = [given, `Bearer ${token}`].map((text) => gate.keyedHash("metrics", text));
  if (asked !== wanted) {
    return answer("A scrape needs the metrics token.\n", 401, { "WWW-Authenticate": "Bearer" });
  }
  return answer(await renderMetrics(gate), 200, {
    "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
  });
}

function answer(text: string, status: number, headers: Readonly<Record<string, string>> = {}) {
  return new Response(text, {
    status,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
      ...headers,
    },
  });
}

function recordOf(result: unknown): Readonly<Record<string, string>> {
  const flat = Array.isArray(result) ? result.map(String) : [];
  const pairs = flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1] ?? "0"]] : []));
  return Object.fromEntries(pairs) as Record<string, string>;
}

function readInfo(info: string): Readings {
  const found = Object.entries(INFO_FIELDS).flatMap(([field, name]) => {
    const text = new RegExp(`^${field}:(\\d+)\\r?$`, "m").exec(info)?.[1];
    return text === undefined ? [] : [[name, Number(text)]];
  });
  return Object.fromEntries(found) as Readings;
}
