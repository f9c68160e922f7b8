import { storeWarning } from "#lib/check-store";
import type { GateMode } from "#lib/core/mode";
import { SHARED_NAMESPACE } from "#lib/core/namespace";
import type { HeadgateEnvironment } from "#lib/env";
import type { Variables } from "#lib/core/settings";
import { createScriptStore } from "#lib/redis/script-store";
import { unknownVariables } from "#lib/unknown-variables";
import type { ChosenStore } from "./store.ts";

/** The settings that the server needs. */
export type ServerSettings = Pick<
  HeadgateEnvironment,
  "mode" | "isNamespaceShared" | "store" | "missing"
>;

/** The contents of a server's log at its start. */
export interface StartLog {
  readonly warnings: readonly string[];
  readonly store: { readonly line: string };
  readonly clients: { readonly line: string };
  readonly beside: readonly { readonly name: string; readonly line: string }[];
  /** A summary of the policy. */
  readonly policy: string;
  readonly mode: GateMode;
  readonly url: string;
}

/** The lines for modes in which no limit denies. */
const MODES = {
  shadow: "HEADGATE_MODE=shadow: requests are counted, and no limit denies",
  off: "HEADGATE_MODE=off: requests are not counted, and no limit denies",
} as const;

/** Returns the lines of a start, each beginning with its subject; "ready" comes last. */
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
 * Returns warnings about the environment and the store. It calls the store, and takes no longer than the
 * store's deadline.
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

/** Checks the store, unless HEADGATE_MODE is off. */
async function warningOf(
  { name }: ChosenStore,
  { store, mode }: ServerSettings,
): Promise<string | undefined> {
  if (mode === "off" || name === undefined) return undefined;
  return storeWarning({ redis: createScriptStore(store), name, mode });
}
