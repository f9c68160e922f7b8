import { storeWarning } from "#lib/check-store";
import type { GateMode } from "#lib/core/mode";
import { SHARED_NAMESPACE } from "#lib/core/namespace";
import type { HeadgateEnvironment } from "#lib/env";
import type { Variables } from "#lib/core/settings";
import { createScriptStore } from "#lib/redis/script-store";
import { unknownVariables } from "#lib/unknown-variables";
import type { ChosenStore } from "./store.ts";

/** What the server needs to know of the environment. */
export type ServerSettings = Pick<
  HeadgateEnvironment,
  "mode" | "isNamespaceShared" | "store" | "missing"
>;

/** What a server tells the person who starts it. */
export interface StartLog {
  readonly warnings: readonly string[];
  readonly store: { readonly line: string };
  readonly clients: { readonly line: string };
  readonly beside: readonly { readonly name: string; readonly line: string }[];
  /** What the policy holds. */
  readonly policy: string;
  readonly mode: GateMode;
  readonly url: string;
}

/** What a person should know who starts a server that does not do what it is there for. */
const MODES = {
  shadow: "HEADGATE_MODE=shadow: everything is counted, and nobody refused",
  off: "HEADGATE_MODE=off: nothing is asked or counted, and no limit denies",
} as const;

/** Returns the lines of a start, each with its subject first; "ready" comes last. */
export function startLines(log: StartLog): readonly string[] {
  const { warnings, store, clients, beside, policy, mode, url } = log;
  return [
    ...warnings.map((warning) => entry("warning", warning)),
    entry("store", store.line),
    entry("clients", clients.line),
    ...beside.map(({ name, line }) => entry(name, line)),
    entry("policy", policy),
    ...(mode === "enforce" ? [] : [entry("mode", MODES[mode])]),
    entry("ready", url),
  ];
}

function entry(subject: string, text: string): string {
  return `${subject.padEnd(8)} ${text}`;
}

/**
 * Returns what may be wrong with what the server was told. It asks the store, and takes no longer than
 * the store's deadline.
 */
export async function startWarnings(
  env: Variables,
  store: ChosenStore,
  settings: ServerSettings,
): Promise<readonly string[]> {
  const warnings = [
    ...unknownVariables(env),
    settings.isNamespaceShared && settings.mode !== "off" ? SHARED_NAMESPACE : undefined,
    store.warning,
    await warningOf(store, settings),
  ];
  return warnings.filter((warning) => warning !== undefined);
}

/** Asks the store; HEADGATE_MODE=off asks none. */
async function warningOf(
  { name }: ChosenStore,
  { store, mode }: ServerSettings,
): Promise<string | undefined> {
  if (mode === "off" || name === undefined) return undefined;
  return storeWarning({ redis: createScriptStore(store), name, mode });
}
