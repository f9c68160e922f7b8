import type { GateMode } from "#lib/core/mode";
import type { Control, OverrideOptions, Terms, Whom } from "#lib/control/types";
import type { Reset, ResetQuery } from "#lib/inspect";
import type { ChangeBody } from "./change-body.ts";

/** The parts that make changes. */
export interface Changing {
  readonly control: Control;
  readonly reset: (query: ResetQuery) => Promise<Reset>;
}

/**
 * Makes a change in the name of an admin. Removing an entry that no longer exists succeeds.
 *
 * @returns how many counts were deleted; null for a change that is not a reset
 * @throws {HeadgateError} the errors of `Control` and `resetClient`
 */
export async function makeChange(
  { control, reset }: Changing,
  change: ChangeBody,
  by: string,
): Promise<number | null> {
  const because = change.reason === undefined ? {} : { reason: change.reason };
  if (change.action === "remove") {
    await control.remove(change.id, { by, ...because });
    return null;
  }
  if (change.action === "reset") {
    return (await reset({ key: change.client, by, ...because })).freed.length;
  }
  const terms: Terms = { for: change.for, reason: change.reason, by };
  if (change.action === "override") await control.override(overrideOf(change), terms);
  else if (change.action === "mode") {
    // `control` validates the mode.
    await control.mode(change.mode as GateMode, { ...terms, rule: change.rule });
  } else await control[change.action](clientOf(change.client), terms);
  return null;
}

function overrideOf({
  rule,
  to,
  limit,
  client,
}: Extract<ChangeBody, { action: "override" }>): OverrideOptions {
  return {
    rule,
    // `control` validates the text.
    to: /^\d+$/.test(to) ? Number(to) : (to as OverrideOptions["to"]),
    limit,
    client: client === undefined ? undefined : clientOf(client),
  };
}

/** Returns the client. A client key has 22 characters without a dot or colon, and every address has one. */
function clientOf(client: string): Whom {
  return /^[\w-]{22}$/.test(client) ? { key: client } : { ip: client };
}
