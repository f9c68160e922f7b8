import { checkStore, storeWarning } from "#lib/check-store";
import type { GateMode } from "#lib/core/mode";
import { SHARED_NAMESPACE } from "#lib/core/namespace";
import type { HeadgateEnvironment } from "#lib/environment";
import type { Variables } from "#lib/core/settings";
import { createScriptStore } from "#lib/redis/script-store";
import { unknownVariables } from "#lib/unknown-variables";
import type { ChosenStore } from "./store.ts";
import { onRecovery } from "./store-recovery.ts";

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

/** Returns warnings about the environment and the store. */
export function startWarnings(
  env: Variables,
  { warning }: Pick<ChosenStore, "warning">,
  settings: ServerSettings,
): readonly string[] {
  const warnings = [
    ...unknownVariables(env),
    settings.isNamespaceShared && settings.mode !== "off" ? SHARED_NAMESPACE : undefined,
    warning,
  ];
  return warnings.filter((each) => each !== undefined);
}

/**
 * Returns a warning when the store fails, unless HEADGATE_MODE is off. It takes no longer than the store's
 * deadline.
 */
export async function storeWarningAtStart(
  { name }: Pick<ChosenStore, "name">,
  { store, mode }: ServerSettings,
): Promise<string | undefined> {
  if (mode === "off" || name === undefined) return undefined;
  return storeWarning({ redis: createScriptStore(store), name, mode });
}

/**
 * Checks a store that failed at the start until it can be used, and then calls `say` with one line.
 *
 * @returns a function that ends the checks
 */
export function sayWhenUsable(
  { name }: Pick<ChosenStore, "name">,
  { store }: Pick<ServerSettings, "store">,
  say: (line: string) => void,
): () => void {
  const line = entry("store", `${name} can be used now, and requests are counted`);
  // Each check has a new client, since the breaker of one that failed often does not try every call.
  const isUsable = async () => (await checkStore(createScriptStore(store))) === undefined;
  return onRecovery(isUsable, () => say(line));
}
