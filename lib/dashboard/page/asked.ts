import type { ChangeBody } from "#lib/dashboard/change-body";
import type { ControlEntry } from "#lib/dashboard/model";
import { entryLine } from "./entry-words.ts";

/** A change that a person is to confirm: what it does, and what is sent. */
export interface Asked {
  readonly title: string;
  readonly lines: readonly string[];
  /** What the button says. */
  readonly verb: string;
  readonly body: ChangeBody;
}

const HOW_SOON = "It holds on each instance from its second request made two seconds later.";
const OWN =
  "Requests of this page pass the gate too. If your own address is among these, the page is closed to you as well: the command headgate block remove lifts it.";

const MODES: Readonly<Record<string, string>> = {
  enforce: "Requests over a limit are denied.",
  shadow: "Requests are counted, and none is denied. Blocks are told, and not enforced.",
  off: "Requests are neither counted nor denied.",
};

/** Returns what a change does, in words. */
export function askedFor(body: ChangeBody): Asked {
  const ask = (title: string, verb: string, ...lines: readonly string[]): Asked => ({
    title: `${title}?`,
    verb,
    lines: [...lines, HOW_SOON],
    body,
  });
  switch (body.action) {
    case "block":
      return ask(
        `Block ${body.client} for ${body.for}`,
        "Block",
        "Its requests get 403 on every path that the gate sees, paths without a rule among them. An entry that allows the same is replaced.",
        ...(/[.:]/.test(body.client) ? [OWN] : []),
      );
    case "allow":
      return ask(
        `Allow ${body.client} for ${body.for}`,
        "Allow",
        "Its requests pass every limit and are not counted. An entry that blocks the same is replaced.",
      );
    case "override":
      return ask(
        `Set ${body.limit ?? body.rule} to ${body.to} for ${body.for}`,
        "Set limit",
        `It holds for ${body.client ?? "every client"}, in the place of the policy's limit. What was counted stays counted.`,
      );
    case "mode":
      return ask(
        `Set the mode of ${body.rule ?? "everything"} to ${body.mode} for ${body.for}`,
        "Set mode",
        MODES[body.mode] ?? "",
      );
    case "remove":
      return ask(`Lift ${body.id}`, "Lift", "Then the policy decides, and what else is set.");
    case "reset":
      return ask(
        `Reset ${body.client}`,
        "Reset",
        "What is counted of this client is deleted, in every limit. Limits of all clients together stay. Entries stay too.",
      );
  }
}

/** Returns what lifting an entry does, in words. */
export function askedToLift(entry: ControlEntry): Asked {
  const title = `Lift “${entryLine(entry)}”?`;
  const body: ChangeBody = { action: "remove", id: entry.id };
  return { ...askedFor(body), title };
}
