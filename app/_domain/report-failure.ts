import { gate } from "#app/_domain/gate";

/**
 * Reports a failure of the app's own work to the gate's listeners.
 *
 * @param name names the work in a few words without personal data
 */
export function reportFailure(name: string, error: unknown): void {
  gate.emit({ kind: "failure", during: "app", name, error });
}
