import { gate } from "#app/_domain/gate";

/**
 * Reports to the listeners of the gate that work of the app failed.
 *
 * @param name what the work is, in a few words that hold no personal data
 */
export function reportFailure(name: string, error: unknown): void {
  gate.emit({ kind: "failure", during: "app", name, error });
}
