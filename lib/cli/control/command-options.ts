import { userInfo } from "node:os";
import type { OverrideOptions, Whom } from "#lib/control/types";
import { type ReadTerms, readBy, readReason, readTerms } from "#lib/control/arguments";
import { readTo } from "#lib/control/entry";
import { isHeadgateError } from "#lib/core/errors";
import type { GateMode } from "#lib/core/mode";
import { readIdentities } from "../inspect/client-options.ts";
import { usageError } from "../program.ts";
import { valuesOf } from "../repeated.ts";
import type { ControlArgs } from "./args.ts";

/** The setting of a command. `to` and `mode` are undefined when the command removes an entry. */
export type Requested =
  | { readonly kind: "allow"; readonly client: Whom }
  | { readonly kind: "block"; readonly client: Whom }
  | {
      readonly kind: "override";
      readonly rule: string;
      readonly limit: string | undefined;
      readonly client: Whom | undefined;
      readonly to: OverrideOptions["to"] | undefined;
    }
  | {
      readonly kind: "mode";
      readonly rule: string | undefined;
      readonly mode: GateMode | undefined;
    };

/**
 * Reads the one client of a command; undefined when no client is named.
 *
 * @throws {HeadgateError} CLI_USAGE
 */
export function readClient(rawArgs: readonly string[], help: string): Whom | undefined {
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
  throw usageError("An entry is for one client, but several are named.", help);
}

/** @throws {HeadgateError} CLI_USAGE when no client is named */
export function readOneClient(rawArgs: readonly string[], help: string): Whom {
  const client = readClient(rawArgs, help);
  if (client) return client;
  throw usageError("No client is named: --ip, --user, --identity name=value, or --key.", help);
}

/**
 * Reads the new limit of an override, where units are a number. Whether the limit may have that value is
 * checked later, with the policy.
 */
export function readUnits(to: string, help: string): OverrideOptions["to"] {
  const given = /^\d+$/.test(to) ? Number(to) : to;
  if (readTo(given) !== undefined) return given as OverrideOptions["to"];
  const allowed = "units such as 100, a factor such as 2x or 0.5x, or unlimited";
  throw usageError(`--to must be ${allowed}, not "${to}".`, help);
}

/**
 * Reads how long an entry lasts, its reason and its author.
 *
 * @throws {HeadgateError} CLI_USAGE
 */
export function readTermsOf(args: ControlArgs, help: string): ReadTerms {
  const { for: length, reason } = args;
  if (length === undefined) throw usageError("--for is missing: it must say for how long.", help);
  if (reason === undefined) throw usageError("--reason is missing: it must say why.", help);
  return asUsage(help, () => readTerms({ for: length, reason, by: readAuthor(args, help) }));
}

/**
 * Returns the author of a change: --by, or else the user of this machine.
 *
 * @throws {HeadgateError} CLI_USAGE
 */
export function readAuthor({ by }: Pick<ControlArgs, "by">, help: string): string {
  const author = by ?? userOfThisMachine();
  if (author !== undefined) return asUsage(help, () => readBy(author));
  throw usageError(
    "The author of the change is not known on this machine: name them with --by.",
    help,
  );
}

/** Returns the reason of a change, if one is given. */
export function readReasonOf(
  { reason }: Pick<ControlArgs, "reason">,
  help: string,
): { readonly reason?: string } {
  return reason === undefined ? {} : asUsage(help, () => ({ reason: readReason(reason) }));
}

/** Returns the name of the user. In a container, the user's id may have no name. */
function userOfThisMachine(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** Calls a function that reads an option. An invalid argument is reported with the help. */
export function asUsage<T>(help: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const isMisuse = isHeadgateError(error) && error.code === "CONTROL_BAD_ARGUMENT";
    throw isMisuse ? usageError(error.message, help) : error;
  }
}
