import type { ChangeBody } from "#lib/dashboard/change-body";
import type { ControlEntry } from "#lib/dashboard/model";

/** What a form of changes holds: a text for each field. */
export type Draft = Readonly<
  Record<"client" | "rule" | "limit" | "to" | "mode" | "for" | "reason", string>
> & {
  readonly action: Exclude<ChangeBody["action"], "remove" | "reset">;
};

/** What a person may do from wherever a client or an entry is shown. */
export interface Steps {
  /** Looks a client up by its key. */
  readonly lookUp: (key: string) => void;
  /** Absent for a viewer who may not change what is set. */
  readonly change?: {
    /** Fills the form of changes in, for the person to go on. */
    readonly draft: (fields: Partial<Draft>) => void;
    /** Asks whether an entry is to be lifted. */
    readonly lift: (entry: ControlEntry) => void;
    /** Asks whether a client is to be reset. */
    readonly reset: (key: string) => void;
  };
}
