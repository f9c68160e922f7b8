import type { ReadTerms } from "#lib/control/arguments";
import type { ControlEntry } from "#lib/control/types";
import { durationInWords } from "#lib/core/duration";
import type { OpenGate } from "../inspect/open-gate.ts";
import { section } from "../section.ts";
import type { Requested } from "./command-options.ts";
import { limitEffects, modeEffect } from "./effect.ts";
import { followedLine } from "./followed.ts";
import { ownAddressLines } from "./own-addresses.ts";
import type { Target } from "./target.ts";
import { isSameEntry, touchingLines } from "./touching.ts";
import { entryWords, timeWords } from "./words.ts";

/** A change that is about to be made. */
export interface Change {
  readonly requested: Requested;
  readonly target: Target;
  readonly terms: ReadTerms;
}

/** When and where a change takes effect. */
export const HOLDS =
  "on each instance that follows it, from the second request made two seconds after the change";

/**
 * Returns a change as text: its effect, its client, its end, and what else is set for the same client or
 * rule.
 *
 * @param entries what is set already
 */
export function renderChange(
  gate: Pick<OpenGate["gate"], "options" | "policy">,
  { requested, target, terms }: Change,
  entries: readonly ControlEntry[],
): string {
  const replaced = entries.filter((entry) => isSameEntry(entry, target)).map(entryWords);
  const until = `${timeWords(Date.now() + terms.forMs)}, in ${durationInWords(terms.forMs)}`;
  return [
    section(target.kind, [titleOf(requested, target)]),
    section("effect", effectsOf(gate, requested, target)),
    section("until", [until]),
    section("reason", [terms.reason]),
    section("by", [terms.by]),
    section("replaces", replaced),
    section("also set", touchingLines(target, entries, gate.options.mode ?? "enforce")),
    section("warning", warningsOf(target)),
    section("holds", [HOLDS]),
    section("app", [followedLine(process.cwd())]),
  ]
    .filter(Boolean)
    .join("\n");
}

function titleOf(requested: Requested, target: Target): string {
  if (target.kind === "mode") {
    const mode = requested.kind === "mode" ? requested.mode : "";
    return `${mode} of ${target.rule === null ? "everything" : `the rule ${target.rule}`}`;
  }
  const client = target.client?.words ?? "every client";
  if (requested.kind !== "override") return client;
  return `${target.limit ?? target.rule} to ${requested.to} for ${client}`;
}

function effectsOf(
  { options, policy }: Pick<OpenGate["gate"], "options" | "policy">,
  requested: Requested,
  target: Target,
): readonly string[] {
  if (target.kind === "override") {
    const to = requested.kind === "override" ? requested.to : undefined;
    return to === undefined ? [] : limitEffects(policy, target, to);
  }
  if (target.kind === "mode") {
    const mode = requested.kind === "mode" ? requested.mode : undefined;
    return mode ? [modeEffect(policy, target.rule, mode, options.mode ?? "enforce")] : [];
  }
  return requested.kind === "allow" || requested.kind === "block"
    ? listingEffects(policy, requested)
    : [];
}

/** Returns what happens to a client that is blocked, or allowed without being counted, and where. */
export function listingEffects(
  { identities }: Pick<OpenGate["gate"]["policy"], "identities">,
  { kind, client }: Extract<Requested, { readonly kind: "allow" | "block" }>,
): readonly string[] {
  if ("identity" in client && identities[client.identity] === "from-code") {
    const becomes = kind === "block" ? "denied" : "allowed without being counted";
    return [
      `calls of limits.limit that name ${client.identity} are ${becomes}; no request carries it`,
    ];
  }
  const effect =
    kind === "block"
      ? "requests get 403, on every path that the gate sees"
      : "requests are not counted, and no limit denies them; the largest body stays limited";
  if (!("key" in client)) return [effect];
  return [effect, "unless the key is of an address, only on paths where a limit counts by it"];
}

/** Returns a warning when a block would lock out the person who sets it. */
function warningsOf(target: Target): readonly string[] {
  const network = target.kind === "block" ? target.client?.network : undefined;
  return network ? ownAddressLines(network) : [];
}
