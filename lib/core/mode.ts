/**
 * What becomes of all decisions: the switch for an incident.
 * - `enforce`: whoever is over a limit is refused
 * - `shadow`: everything is counted as ever, and nobody is refused or told of a limit
 * - `off`: nothing is asked and nothing counted
 */
export type GateMode = "enforce" | "shadow" | "off";
