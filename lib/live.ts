/** The entry `headgate/live`, by which a gate applies what is set while the app runs. */
export { live } from "#lib/control/live";
export type { CaughtUp, InForce, Live, LiveParts } from "#lib/control/in-force";
