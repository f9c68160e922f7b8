import { gateEnvironment } from "#config/gate-env";
import policy from "#config/rate-limits";
import { metrics, trace } from "@opentelemetry/api";
import { afterResponse } from "#app/_domain/after-response";
import { createHeadgate, logEvents } from "headgate";
import { watchStore } from "headgate/health";
import { live } from "headgate/live";
import { countEvents } from "headgate/metrics";
import { otelEvents } from "headgate/otel";
import { upstashLimits } from "headgate/upstash";

const LOG = logEvents((line) => console.warn(line));

/** The failures of the store that this bundle saw in the last minute. */
export const storeWatch = watchStore();

/**
 * The app's gate, and the handle that other tools need to use its store. It counts through the class of
 * @upstash/ratelimit.
 */
export const gate = createHeadgate(policy, () => {
  const environment = gateEnvironment();
  const { metricsWindowMs: windowMs } = environment;
  const traced = environment.otel ? [otelEvents({ trace, metrics })] : [];
  return {
    ...environment,
    limitStore: upstashLimits,
    live,
    onEvent: [LOG, storeWatch.listener, ...traced],
    counters: countEvents({ waitUntil: afterResponse, ...(windowMs && { windowMs }) }),
  };
});
