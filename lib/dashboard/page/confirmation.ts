import type { ChangeBody } from "#lib/dashboard/change-body";
import type { ControlEntry } from "#lib/dashboard/model";
import { entryLine } from "./entry-words.ts";

/** A change that a person must confirm: its effect, and the request. */
export interface Confirmation {
  readonly title: string;
  readonly lines: readonly string[];
  /** The label of the button. */
  readonly verb: string;
  readonly body: ChangeBody;
}

const HOW_SOON = "It takes effect on each instance from its second request made two seconds later.";
const OWN =
  "Requests of this page pass the gate too. If your own address is blocked, you cannot open the page either. The command headgate block remove lifts the block.";

const MODES: Readonly<Record<string, string>> = {
  enforce: "Requests over a limit are denied.",
  shadow: "Requests are counted, and none is denied. Blocks are reported, but not enforced.",
  off: "Requests are neither counted nor denied.",
};

/** Returns the text that describes a change. */
export function confirmationOf(body: ChangeBody): Confirmation {
  const describe = (title: string, verb: string, ...lines: readonly string[]): Confirmation => ({
    title: `${title}?`,
    verb,
    lines: [...lines, HOW_SOON],
    body,
  });
  switch (body.action) {
    case "block":
      return describe(
        `Block ${body.client} for ${body.for}`,
        "Block",
        "Its requests get 403 on every path that the gate sees, even without a rule. An entry that allows the same client is replaced.",
        ...(/[.:]/.test(body.client) ? [OWN] : []),
      );
    case "allow":
      return describe(
        `Allow ${body.client} for ${body.for}`,
        "Allow",
        "Its requests are allowed and not counted. An entry that blocks the same client is replaced.",
      );
    case "override":
      return describe(
        `Set ${body.limit ?? body.rule} to ${body.to} for ${body.for}`,
        "Set limit",
        `It applies to ${body.client ?? "every client"} and replaces the policy's limit. Existing counts stay.`,
      );
    case "mode":
      return describe(
        `Set the mode of ${body.rule ?? "everything"} to ${body.mode} for ${body.for}`,
        "Set mode",
        MODES[body.mode] ?? "",
      );
    case "remove":
      return describe(`Lift ${body.id}`, "Lift", "Then the policy and the other entries decide.");
    case "reset":
      return describe(
        `Reset ${body.client}`,
        "Reset",
        "All counts of this client are deleted. Limits that count all clients together do not change, and entries stay.",
      );
  }
}

/** Returns the text that describes lifting an entry. */
export function confirmationOfLift(entry: ControlEntry): Confirmation {
  const title = `Lift “${entryLine(entry)}”?`;
  const body: ChangeBody = { action: "remove", id: entry.id };
  return { ...confirmationOf(body), title };
}
