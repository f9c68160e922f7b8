import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A change of one file, which is shown before it is written. */
export interface PlannedChange {
  /** The file, from the app's folder, with "/" between folders; it may begin with "../". */
  readonly path: string;
  /** The file's text now; undefined when there is no such file. */
  readonly before: string | undefined;
  /** The file's text afterwards. */
  readonly after: string;
  /** Why the file changes, in a few words that are shown beside its path. */
  readonly why: string;
}

/**
 * Collects the changes that `headgate init` shows and then writes. Each part of init reads files through
 * the plan, so that a part sees what an earlier part has planned for the same file.
 *
 * @example
 * const plan = new Plan("/app");
 * plan.set("gate.ts", 'export const gate = createHeadgate(policy);\n', "the gate");
 * plan.changes().map(({ path }) => path); // ["gate.ts"]
 */
export class Plan {
  readonly #planned = new Map<string, PlannedChange>();

  /** The app's folder, as a whole path. */
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Returns the text that a file has, or will have by the plan; undefined when there is no such file. */
  read(path: string): string | undefined {
    return this.#planned.get(path)?.after ?? this.#onDisk(path);
  }

  /** Plans the text of a file. When two parts plan the same file, the later text is used, with both reasons. */
  set(path: string, after: string, why: string): void {
    const earlier = this.#planned.get(path);
    const before = earlier ? earlier.before : this.#onDisk(path);
    const reasons = new Set([...(earlier?.why.split("; ") ?? []), why]);
    this.#planned.set(path, { path, before, after, why: [...reasons].join("; ") });
  }

  /** Returns the files that change, in the order in which they were planned. */
  changes(): readonly PlannedChange[] {
    return [...this.#planned.values()].filter(({ before, after }) => before !== after);
  }

  #onDisk(path: string): string | undefined {
    const file = join(this.folder, path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  }
}
