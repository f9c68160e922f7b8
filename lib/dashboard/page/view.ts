import type { ControlNow, History, MinuteNow, Snapshot } from "#lib/dashboard/model";
import { readControl, readHistory, readSnapshot } from "./complete.ts";
import type { ConnectionState } from "./connection.ts";
import { mergeHistory, rememberMinutes } from "./merge.ts";

/** The data that the page draws. */
export interface View {
  readonly connection: ConnectionState;
  readonly snapshot?: Snapshot;
  /** When the snapshot arrived, in milliseconds of the browser's monotonic clock. */
  readonly receivedAt: number;
  /** What is set while the app runs, and when that arrived, on the same clock. */
  readonly control?: { readonly now: ControlNow; readonly receivedAt: number };
  /** The charts, with the minutes of snapshots in them. */
  readonly history?: History;
  /** The minutes of the last snapshots. */
  readonly minutes: readonly MinuteNow[];
}

export const EMPTY: View = { connection: "connecting", receivedAt: 0, minutes: [] };

/** Returns the view after an event of the stream. An unknown event changes nothing. */
export function withEvent(view: View, name: string, data: unknown, now: number): View {
  if (name === "snapshot") {
    const snapshot = readSnapshot(data);
    if (!snapshot) return view;
    const minutes = rememberMinutes(view.minutes, snapshot.minutes);
    const history = view.history && mergeHistory(view.history, snapshot.minutes);
    return { ...view, snapshot, receivedAt: now, minutes, ...(history && { history }) };
  }
  if (name === "control") {
    const control = readControl(data);
    return control ? { ...view, control: { now: control, receivedAt: now } } : view;
  }
  const history = name === "history" ? readHistory(data) : undefined;
  return history ? { ...view, history: mergeHistory(history, view.minutes) } : view;
}

/**
 * Returns how old the numbers are, in milliseconds; undefined when none were ever read. Only times of the
 * same clock are compared, so a wrong clock in the browser does not matter.
 */
export function ageOf({ snapshot, receivedAt }: View, now: number): number | undefined {
  if (!snapshot || snapshot.readAt === null) return undefined;
  return Math.max(0, snapshot.sentAt - snapshot.readAt) + Math.max(0, now - receivedAt);
}
