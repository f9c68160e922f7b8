import { findAppForm } from "../info/app-form.ts";

/** What the gate of an app needs to follow settings at run time. */
const LIVE = "its settings need live, of headgate/live";

/**
 * Returns a line that says whether the gate of an app follows what is set, as far as its source shows.
 *
 * @param root the folder of the app
 */
export function followedLine(root: string): string {
  const entry = findAppForm(root).entries.find(({ hasGate }) => hasGate);
  if (!entry)
    return `it is not known from this folder whether the gate follows what is set: ${LIVE}`;
  return entry.followsControl
    ? `the gate of ${entry.file} follows what is set`
    : `the gate of ${entry.file} does not follow what is set, so nothing changes: ${LIVE}`;
}
