import { findAppForm } from "../info/app-form.ts";

/** What an app needs to follow what is set. */
const LIVE = "its settings need live, of headgate/live";

/**
 * Returns a line that says whether the gate of an app follows what is set, as far as its source tells.
 *
 * @param root the folder of the app
 */
export function followedLine(root: string): string {
  const entry = findAppForm(root).entries.find(({ hasGate }) => hasGate);
  if (!entry) return `this folder does not tell whether the gate follows what is set: ${LIVE}`;
  return entry.followsControl
    ? `the gate of ${entry.file} follows what is set`
    : `the gate of ${entry.file} does not follow what is set, so nothing changes: ${LIVE}`;
}
