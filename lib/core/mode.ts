/**
 * How the gate applies its decisions: the switch for an incident.
 * - `enforce`: a client over a limit is denied
 * - `shadow`: requests are counted, but none is denied, and no response shows a limit
 * - `off`: no request is counted, and the store is not called
 */
export type GateMode = "enforce" | "shadow" | "off";
