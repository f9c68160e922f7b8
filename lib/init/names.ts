import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HeadgateError } from "#lib/core/errors";
import { type App, filesNamed } from "./app.ts";

/** A file that init makes, or that an earlier run made. */
export interface OwnFile {
  /** The path from the app's folder. */
  readonly path: string;
  /** The specifier for imports by files of the home: without the ending and the home, such as "./gate". */
  readonly specifier: string;
  /** True when the file exists and an earlier run made it. A person may have edited it. */
  readonly isThere: boolean;
}

/** Names of the policy's file. The first free one is used. */
const POLICY_NAMES = ["config/rate-limits", "config/headgate-limits", "config/headgate-policy"];
/** No name is "headgate", because with a baseUrl in tsconfig.json it would shadow the package. */
const GATE_NAMES = ["gate", "request-gate", "rate-limit-gate"];

const OF_HEADGATE = /\bfrom\s*["']headgate["']/;

/** Returns the file of the policy: one of an earlier run, else under a name that the app does not use. */
export function policyFile(app: App): OwnFile {
  return ownFile(app, POLICY_NAMES, /\bdefinePolicy\s*\(/);
}

/** Returns the file of the gate: one of an earlier run, else under a name that the app does not use. */
export function gateFile(app: App): OwnFile {
  return ownFile(app, GATE_NAMES, /\bexport\s+const\s+gate\s*=\s*createHeadgate\s*[(<]/);
}

function ownFile(app: App, names: readonly string[], mark: RegExp): OwnFile {
  const there = names.map((name) => ({ name, files: filesNamed(app, name) }));
  for (const { name, files } of there) {
    const own = files.find((file) => isOwn(join(app.folder, file), mark));
    if (own !== undefined) return { path: own, specifier: `./${name}`, isThere: true };
  }
  const free = there.find(({ files }) => files.length === 0)?.name;
  if (free === undefined) {
    throw new HeadgateError(
      "INIT_NO_APP",
      `${app.folder} has other files at each of these paths, and init does not overwrite files: ${names.join(", ")}. Rename one of them.`,
    );
  }
  const path = `${app.home}${free}.${app.language}`;
  return { path, specifier: `./${free}`, isThere: false };
}

function isOwn(file: string, mark: RegExp): boolean {
  if (!/\.(?:[cm]?[jt]s)$/.test(file)) return false;
  const source = readFileSync(file, "utf8");
  return OF_HEADGATE.test(source) && mark.test(source);
}
