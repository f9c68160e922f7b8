import type { ChangeBody } from "#lib/dashboard/change-body";
import type { ControlEntry } from "#lib/dashboard/model";

/** The fields of the change form, each as text. */
export type Draft = Readonly<
  Record<"client" | "rule" | "limit" | "to" | "mode" | "for" | "reason", string>
> & {
  readonly action: Exclude<ChangeBody["action"], "remove" | "reset">;
};

/** The actions that are available where a client or an entry is shown. */
export interface Steps {
  /** Looks a client up by its key. */
  readonly lookUp: (key: string) => void;
  /** Absent for a viewer who may not change what is set. */
  readonly change?: {
    /** Fills in the change form, for the person to complete. */
    readonly draft: (fields: Partial<Draft>) => void;
    /** Asks for confirmation before an entry is lifted. */
    readonly lift: (entry: ControlEntry) => void;
    /** Asks for confirmation before a client is reset. */
    readonly reset: (key: string) => void;
  };
}
