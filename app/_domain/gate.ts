import { gateEnvironment } from "#config/gate-env";
import policy from "#config/rate-limits";
import { afterResponse } from "#app/_domain/after-response";
import { createHeadgate } from "headgate";
import { countEvents } from "headgate/metrics";
import { upstashLimits } from "headgate/upstash";

/**
 * The app's gate, and the handle of everything else that works on its store. It counts through
 * @upstash/ratelimit's class.
 */
export const gate = createHeadgate(policy, () => ({
  ...gateEnvironment(),
  limitStore: upstashLimits,
  counters: countEvents({ waitUntil: afterResponse }),
}));
