import { userInfo } from "node:os";
import type { OverrideOptions, Whom } from "#lib/control/types";
import { type ReadTerms, readBy, readReason, readTerms } from "#lib/control/arguments";
import { readTo } from "#lib/control/entry";
import { isHeadgateError } from "#lib/core/errors";
import type { GateMode } from "#lib/core/mode";
import { readIdentities } from "../inspect/asked.ts";
import { usageError } from "../program.ts";
import { valuesOf } from "../repeated.ts";
import type { ControlArgs } from "./args.ts";

/** What a command sets, or whose entry it removes: then `to` and `mode` are undefined. */
export type Asked =
  | { readonly kind: "allow"; readonly whom: Whom }
  | { readonly kind: "block"; readonly whom: Whom }
  | {
      readonly kind: "override";
      readonly rule: string;
      readonly limit: string | undefined;
      readonly whom: Whom | undefined;
      readonly to: OverrideOptions["to"] | undefined;
    }
  | {
      readonly kind: "mode";
      readonly rule: string | undefined;
      readonly mode: GateMode | undefined;
    };

/**
 * Reads the one client that a command is about; undefined where no client is named.
 *
 * @throws {HeadgateError} CLI_USAGE
 */
export function readWhom(rawArgs: readonly string[], help: string): Whom | undefined {
  const users = valuesOf("user", rawArgs).map((value) => ["user", value] as const);
  const identities = [...users, ...readIdentities(rawArgs, help)];
  const named: readonly Whom[] = [
    ...valuesOf("ip", rawArgs).map((ip) => ({ ip })),
    ...identities.map(([identity, value]) =>
      identity === "ip" ? { ip: value } : { identity, value },
    ),
    ...valuesOf("key", rawArgs).map((key) => ({ key })),
  ];
  if (named.length < 2) return named[0];
  throw usageError("An entry is for one client, and several are named.", help);
}

/** @throws {HeadgateError} CLI_USAGE where no client is named */
export function readOneWhom(rawArgs: readonly string[], help: string): Whom {
  const whom = readWhom(rawArgs, help);
  if (whom) return whom;
  throw usageError("No client is named: --ip, --user, --identity name=value, or --key.", help);
}

/**
 * Reads what an override sets a limit to: units are a number. Whether the limit can be that is checked with the
 * policy.
 */
export function readUnits(to: string, help: string): OverrideOptions["to"] {
  const given = /^\d+$/.test(to) ? Number(to) : to;
  if (readTo(given) !== undefined) return given as OverrideOptions["to"];
  const allowed = "units such as 100, a factor such as 2x or 0.5x, or unlimited";
  throw usageError(`--to is "${to}"; allowed: ${allowed}.`, help);
}

/**
 * Reads for how long something is set, why, and by whom.
 *
 * @throws {HeadgateError} CLI_USAGE
 */
export function readTermsOf(args: ControlArgs, help: string): ReadTerms {
  const { for: length, reason } = args;
  if (length === undefined) throw usageError("--for is missing: it says for how long.", help);
  if (reason === undefined) throw usageError("--reason is missing: it says why.", help);
  return asUsage(help, () => readTerms({ for: length, reason, by: readAuthor(args, help) }));
}

/**
 * Returns who changes something: the user of this machine unless it is said.
 *
 * @throws {HeadgateError} CLI_USAGE
 */
export function readAuthor({ by }: Pick<ControlArgs, "by">, help: string): string {
  const author = by ?? userOfThisMachine();
  if (author !== undefined) return asUsage(help, () => readBy(author));
  throw usageError("Who changes it is not known here: --by says it.", help);
}

/** Returns why something is changed, where it is said. */
export function readReasonOf(
  { reason }: Pick<ControlArgs, "reason">,
  help: string,
): { readonly reason?: string } {
  return reason === undefined ? {} : asUsage(help, () => ({ reason: readReason(reason) }));
}

/** In a container, the id of the user may have no name. */
function userOfThisMachine(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** Calls what reads an option; an argument that cannot be is told with the help. */
export function asUsage<T>(help: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const isMisuse = isHeadgateError(error) && error.code === "CONTROL_BAD_ARGUMENT";
    throw isMisuse ? usageError(error.message, help) : error;
  }
}
