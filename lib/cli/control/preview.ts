import type { ReadTerms } from "#lib/control/arguments";
import type { ControlEntry } from "#lib/control/types";
import { durationInWords } from "#lib/core/duration";
import type { OpenGate } from "../inspect/open-gate.ts";
import { section } from "../section.ts";
import type { Asked } from "./asked.ts";
import { limitEffects, modeEffect } from "./effect.ts";
import { followedLine } from "./followed.ts";
import { ownAddressLines } from "./own-addresses.ts";
import type { Target } from "./target.ts";
import { isSameEntry, touchingLines } from "./touching.ts";
import { entryWords, timeWords } from "./words.ts";

/** What is about to be set. */
export interface Change {
  readonly asked: Asked;
  readonly target: Target;
  readonly terms: ReadTerms;
}

/** How soon a change holds, and where. */
export const HOLDS =
  "on each instance that follows it, from the second request made two seconds after the change";

/**
 * Returns as text what a change will do, to whom, until when, and what else is set for the same.
 *
 * @param entries what is set already
 */
export function renderChange(
  gate: Pick<OpenGate["gate"], "options" | "policy">,
  { asked, target, terms }: Change,
  entries: readonly ControlEntry[],
): string {
  const replaced = entries.filter((entry) => isSameEntry(entry, target)).map(entryWords);
  const until = `${timeWords(Date.now() + terms.forMs)}, in ${durationInWords(terms.forMs)}`;
  return [
    section(target.kind, [titleOf(asked, target)]),
    section("effect", effectsOf(gate, asked, target)),
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

function titleOf(asked: Asked, target: Target): string {
  if (target.kind === "mode") {
    const mode = asked.kind === "mode" ? asked.mode : "";
    return `${mode} of ${target.rule === null ? "everything" : `the rule ${target.rule}`}`;
  }
  const whom = target.client?.words ?? "every client";
  if (asked.kind !== "override") return whom;
  return `${target.limit ?? target.rule} to ${asked.to} for ${whom}`;
}

function effectsOf(
  { options, policy }: Pick<OpenGate["gate"], "options" | "policy">,
  asked: Asked,
  target: Target,
): readonly string[] {
  if (target.kind === "override") {
    const to = asked.kind === "override" ? asked.to : undefined;
    return to === undefined ? [] : limitEffects(policy, target, to);
  }
  if (target.kind === "mode") {
    const mode = asked.kind === "mode" ? asked.mode : undefined;
    return mode ? [modeEffect(policy, target.rule, mode, options.mode ?? "enforce")] : [];
  }
  return asked.kind === "allow" || asked.kind === "block" ? listingEffects(policy, asked) : [];
}

/** Returns what becomes of a client that is blocked, or allowed without being counted, and where. */
export function listingEffects(
  { identities }: Pick<OpenGate["gate"]["policy"], "identities">,
  { kind, whom }: Extract<Asked, { readonly kind: "allow" | "block" }>,
): readonly string[] {
  if ("identity" in whom && identities[whom.identity] === "from-code") {
    const becomes = kind === "block" ? "denied" : "allowed without being counted";
    return [`calls of limits.limit that name ${whom.identity} are ${becomes}; no request tells it`];
  }
  const effect =
    kind === "block"
      ? "requests get 403, on every path that the gate sees"
      : "requests are not counted, and no limit denies them; the largest body stays limited";
  if (!("key" in whom)) return [effect];
  return [effect, "where the key is of no address, only on paths where a limit counts by it"];
}

/** A block of the own network locks out the people who set it. */
function warningsOf(target: Target): readonly string[] {
  const network = target.kind === "block" ? target.client?.network : undefined;
  return network ? ownAddressLines(network) : [];
}
