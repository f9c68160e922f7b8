import type { GateMode } from "#lib/core/mode";
import { namedStore } from "#lib/core/named-store";
import { namespaceOf } from "#lib/core/namespace";
import { invalidSettings, setVariables, type Variables } from "#lib/core/settings";
import { wholeNumber } from "./whole-number.ts";

/** What the server needs to know of the environment. */
export interface ServerSettings {
  readonly mode: GateMode;
  readonly isNamespaceShared: boolean;
  readonly store: {
    readonly url: string | undefined;
    readonly token: string;
    readonly deadlineMs: number;
  };
}

const MODES: readonly string[] = ["enforce", "shadow", "off"] satisfies GateMode[];

/**
 * Reads as much of the environment as the server needs, for an app that reads the rest by itself.
 *
 * @throws {HeadgateError} ENV_INVALID
 */
export function serverSettings(env: Variables): ServerSettings {
  const { HEADGATE_MODE = "enforce" } = setVariables(env);
  if (!isMode(HEADGATE_MODE)) throw invalidSettings({ HEADGATE_MODE: "enforce, shadow or off" });
  const named = namedStore(env);
  return {
    mode: HEADGATE_MODE,
    isNamespaceShared: namespaceOf(setVariables(env)).isShared,
    store: {
      url: named?.by === "rest" ? named.url : undefined,
      token: named?.by === "rest" ? named.token : "",
      deadlineMs: wholeNumber(env, "HEADGATE_STORE_DEADLINE_MS", 500, 10, 10_000),
    },
  };
}

function isMode(text: string): text is GateMode {
  return MODES.includes(text);
}
