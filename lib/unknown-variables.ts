import type { Variables } from "#lib/core/settings";
import { nearest } from "#lib/core/nearest";
import { VARIABLES } from "./variables.ts";

/** Every known variable whose name begins with HEADGATE_, of each program. */
const KNOWN = Object.keys(VARIABLES).filter((name) => name.startsWith("HEADGATE_"));

/** The variables that Kubernetes sets in every pod beside a service named "headgate". */
const KUBERNETES_NAME = /_SERVICE_(?:HOST|PORT)|_PORT_\d+_/;
const KUBERNETES_VALUE = /^(?:tcp|udp|sctp):\/\//;

/**
 * Returns a line for each variable that begins with HEADGATE_ and that no program of Headgate's reads,
 * with the name that was probably meant. No line holds a value.
 *
 * @example unknownVariables({ HEADGATE_MOD: "off" })
 * // ["HEADGATE_MOD is no variable of Headgate's, and changes nothing. Did you mean HEADGATE_MODE?"]
 */
export function unknownVariables(env: Variables): readonly string[] {
  const ours = Object.keys(env).filter((name) => /^headgate_/i.test(name));
  return ours
    .filter((name) => !KNOWN.includes(name) && !isOfKubernetes(name, env[name]))
    .map(lineFor);
}

function isOfKubernetes(name: string, value = ""): boolean {
  return KUBERNETES_NAME.test(name) || KUBERNETES_VALUE.test(value);
}

function lineFor(name: string): string {
  // In an env file with lines such as `NAME: value`, a part of the value is read as the name.
  const word = /^\w{0,40}/.exec(name)?.[0] ?? "";
  const guess = nearest(word, KNOWN);
  const hint =
    guess === undefined
      ? "headgate/docs/reference/environment.md has every variable."
      : `Did you mean ${guess}?`;
  return `${word}${word === name ? "" : "…"} is no variable of Headgate's, and changes nothing. ${hint}`;
}
