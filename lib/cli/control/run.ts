import { createControl } from "#lib/control";
import type { Control, ControlEntry } from "#lib/control/types";
import { HeadgateError } from "#lib/core/errors";
import { agrees, isAnswered } from "../agreement.ts";
import { withGate } from "../inspect/client-options.ts";
import { section } from "../section.ts";
import type { ControlArgs } from "./args.ts";
import { type Requested, readAuthor, readReasonOf, readTermsOf } from "./command-options.ts";
import { HOLDS, renderChange } from "./preview.ts";
import { targetOf } from "./target.ts";
import { isSameEntry } from "./touching.ts";
import { refuseWide } from "./wide.ts";
import {
  entryWords,
  printable,
  removalCommand,
  renderEntries,
  settingWords,
  timeWords,
} from "./words.ts";

/** A command that was called: its options, and the help that is printed after a wrong call. */
export interface Called {
  readonly args: ControlArgs;
  readonly help: string;
}

/** A kind of entries; undefined means all kinds. */
type Kind = Requested["kind"] | undefined;

/** Prints the entries that are set. */
export async function listEntries(kind: Kind, { args, help }: Called): Promise<void> {
  const all = await withGate(args.policy, help, (gate) => createControl(gate).list());
  const entries = all.filter((entry) => kind === undefined || entry.kind === kind);
  console.log(args.json ? JSON.stringify(entries, null, 2) : renderEntries(entries));
}

/**
 * Shows what a change will do, asks unless --yes is given, and sets it.
 *
 * @throws {HeadgateError} CLI_USAGE when it cannot ask, and for a wide network without --wide
 */
export async function setEntry(requested: Requested, { args, help }: Called): Promise<void> {
  const terms = readTermsOf(args, help);
  const { reason, by, forMs } = terms;
  refuseWithoutTerminal(args, `headgate ${requested.kind}`);
  await withGate(args.policy, help, async (gate) => {
    const target = targetOf(gate, requested);
    refuseWide(target, args.wide === true);
    const control = createControl(gate);
    if (!args.json)
      console.log(renderChange(gate, { requested, target, terms }, await control.list()));
    if (!(await isAgreed(args, "Set this?"))) return;
    const entry = await write(control, requested, { for: forMs, reason, by });
    if (args.json) console.log(JSON.stringify(entry, null, 2));
    else console.log(setText(entry));
  });
}

/**
 * Shows which entry is removed, asks unless --yes is given, and removes it.
 *
 * @param which the id of the entry, or the setting that the entry has
 * @throws {HeadgateError} CLI_USAGE when it cannot ask, and for an entry of another kind; CONTROL_NO_ENTRY
 *   when there is no such entry
 */
export async function removeEntry(
  kind: Kind,
  which: string | Requested,
  { args, help }: Called,
): Promise<void> {
  const terms = { by: readAuthor(args, help), ...readReasonOf(args, help) };
  refuseWithoutTerminal(args, `headgate ${kind ?? "control"} remove`);
  await withGate(args.policy, help, async (gate) => {
    const target = typeof which === "string" ? which : targetOf(gate, which);
    const control = createControl(gate);
    const entry = (await control.list()).find((each) =>
      typeof target === "string" ? each.id === target : isSameEntry(each, target),
    );
    if (!entry) throw noEntry(typeof which === "string" ? `with the id "${which}"` : "for this");
    refuseOther(kind, entry);
    if (!args.json) console.log([section("remove", [entryWords(entry)]), HELD].join("\n"));
    if (!(await isAgreed(args, "Remove this?"))) return;
    const removed = await control.remove(entry.id, terms);
    if (!removed) throw noEntry(`with the id "${entry.id}" any more`);
    console.log(
      args.json ? JSON.stringify(removed, null, 2) : section("removed", [printable(removed.id)]),
    );
  });
}

const HELD = section("holds", [HOLDS]);

function setText(entry: ControlEntry): string {
  const { id, until } = entry;
  return [
    section("set", [`${id}, until ${timeWords(until)}`]),
    section("undo", [removalCommand(entry)]),
  ].join("\n");
}

function write(
  control: Control,
  requested: Requested,
  terms: { readonly for: number; readonly reason: string; readonly by: string },
): Promise<ControlEntry> {
  switch (requested.kind) {
    case "mode":
      return control.mode(requested.mode ?? "enforce", { ...terms, rule: requested.rule });
    case "override": {
      const { rule, limit, client, to = "1x" } = requested;
      return control.override({ rule, limit, client, to }, terms);
    }
    case "allow":
    case "block":
      return control[requested.kind](requested.client, terms);
  }
}

async function isAgreed({ yes }: ControlArgs, question: string): Promise<boolean> {
  if (yes || (await agrees(`\n${question}`))) return true;
  console.log("Nothing was changed.");
  return false;
}

function refuseWithoutTerminal({ yes, json }: ControlArgs, command: string): void {
  if (yes || (!json && isAnswered())) return;
  throw new HeadgateError(
    "CLI_USAGE",
    `Nothing was changed: there is no terminal in which to ask. Run ${command} with --yes to change it without a question.`,
  );
}

function refuseOther(kind: Kind, entry: ControlEntry): void {
  if (kind === undefined || entry.kind === "unreadable" || entry.kind === kind) return;
  throw new HeadgateError(
    "CLI_USAGE",
    `Nothing was changed: what is set is "${settingWords(entry)}". Remove it by ${removalCommand(entry)}.`,
  );
}

function noEntry(which: string): HeadgateError {
  return new HeadgateError(
    "CONTROL_NO_ENTRY",
    `There is no entry ${which}. headgate control list prints what is set, with the ids.`,
  );
}
