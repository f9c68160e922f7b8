/** The entry `headgate/live`: what is set while the app runs reaches the gate. */
export { live } from "#lib/control/live";
export type { CaughtUp, InForce, Live, LiveParts } from "#lib/control/in-force";
