import type { GateMode } from "#lib/core/mode";
import type { Control, OverrideOptions, Terms, Whom } from "#lib/control/types";
import type { Reset, ResetQuery } from "#lib/inspect";
import type { ChangeBody } from "./change-body.ts";

/** What changes are made by. */
export interface Changing {
  readonly control: Control;
  readonly reset: (query: ResetQuery) => Promise<Reset>;
}

/**
 * Makes a change in the name of an admin. An entry that is no longer there counts as removed.
 *
 * @returns how many counts were deleted; null for a change that is no reset
 * @throws {HeadgateError} what `Control` and `resetClient` throw
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
    // Control says which modes there are.
    await control.mode(change.mode as GateMode, { ...terms, rule: change.rule });
  } else await control[change.action](whomOf(change.client), terms);
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
    // Control says which texts there are.
    to: /^\d+$/.test(to) ? Number(to) : (to as OverrideOptions["to"]),
    limit,
    client: client === undefined ? undefined : whomOf(client),
  };
}

/** A client key has 22 characters and no dot or colon, as every address has one. */
function whomOf(client: string): Whom {
  return /^[\w-]{22}$/.test(client) ? { key: client } : { ip: client };
}
