import { gateEnvironment } from "#config/gate-env";
import policy from "#config/rate-limits";
import { metrics, trace } from "@opentelemetry/api";
import { createHeadgate, logEvents } from "headgate";
import { otelEvents } from "headgate/otel";
import { upstashLimits } from "headgate/upstash";

const LOG = logEvents((line) => console.warn(line));

/**
 * The app's gate, and the handle of everything else that works on its store. It counts through
 * @upstash/ratelimit's class.
 */
export const gate = createHeadgate(policy, () => {
  const env = gateEnvironment();
  return {
    ...env,
    limitStore: upstashLimits,
    onEvent: [LOG, ...(env.otel ? [otelEvents({ trace, metrics })] : [])],
  };
});
