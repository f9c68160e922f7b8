import { gateEnvironment } from "#config/gate-env";
import policy from "#config/rate-limits";
import { createHeadgate, logEvents } from "headgate";
import { watchStore } from "headgate/health";
import { upstashLimits } from "headgate/upstash";

/** What this bundle has seen of the store in the last minute. */
export const storeWatch = watchStore();

/**
 * The app's gate, and the handle of everything else that works on its store. It counts through
 * @upstash/ratelimit's class.
 */
export const gate = createHeadgate(policy, () => ({
  ...gateEnvironment(),
  limitStore: upstashLimits,
  onEvent: [logEvents((line) => console.warn(line)), storeWatch.listener],
}));
