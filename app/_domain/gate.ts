import { gateEnvironment } from "#config/gate-env";
import policy from "#config/rate-limits";
import { createHeadgate } from "headgate";

/** The app's gate, and the handle of everything else that works on its store. */
export const gate = createHeadgate(policy, gateEnvironment);
