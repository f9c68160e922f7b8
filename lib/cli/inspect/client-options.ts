import { isHeadgateError } from "#lib/core/errors";
import type { ClientQuery } from "#lib/inspect";
import { importPolicy } from "../check.ts";
import { checkPolicy, findPolicyFile } from "../policy-file.ts";
import { usageError } from "../program.ts";
import { valuesOf } from "../repeated.ts";
import { type OpenGate, openGate } from "./open-gate.ts";

/** The options that name a client. */
export const CLIENT_ARGS = {
  ip: { type: "string" },
  user: { type: "string" },
  identity: { type: "string" },
  key: { type: "string" },
  rule: { type: "string" },
  policy: { type: "string" },
  json: { type: "boolean" },
} as const;

/** The values of these options. */
export interface ClientArgs {
  readonly ip?: string | undefined;
  readonly user?: string | undefined;
  readonly key?: string | undefined;
  readonly rule?: string | undefined;
  readonly policy?: string | undefined;
}

/**
 * Reads the client of a command.
 *
 * @throws {HeadgateError} CLI_USAGE
 */
export function readQuery(
  { ip, user, key, rule }: ClientArgs,
  rawArgs: readonly string[],
  help: string,
): ClientQuery {
  const named = readIdentities(rawArgs, help);
  const users: [string, string][] = user === undefined ? [] : [["user", user]];
  const { ip: address = ip, ...identities } = Object.fromEntries([...users, ...named]);
  return { ip: address, identities, key, rule };
}

/**
 * Reads every --identity name=value.
 *
 * @throws {HeadgateError} CLI_USAGE
 */
export function readIdentities(
  rawArgs: readonly string[],
  help: string,
): readonly (readonly [name: string, value: string])[] {
  return valuesOf("identity", rawArgs).map((text) => {
    const at = text.indexOf("=");
    if (at < 1) throw usageError(`--identity must be name=value, not "${text}".`, help);
    return [text.slice(0, at), text.slice(at + 1)];
  });
}

/**
 * Calls with the gate of the app in this folder, and closes it.
 *
 * @throws {HeadgateError} CLI_USAGE when the client's name is invalid
 */
export async function withGate<T>(
  policy: string | undefined,
  help: string,
  run: (gate: OpenGate["gate"]) => Promise<T>,
): Promise<T> {
  const root = process.cwd();
  const file = findPolicyFile(root, policy);
  await checkPolicy(file);
  const opened = await openGate(root, await importPolicy(file));
  try {
    return await run(opened.gate);
  } catch (error) {
    const isMisuse =
      isHeadgateError(error) && /^(?:LIMIT_UNKNOWN|LIMIT_BAD|CONTROL_BAD_ARG)/.test(error.code);
    throw isMisuse ? usageError(error.message, help) : error;
  } finally {
    // Closing is not awaited, so that the error is reported at once even if the connection was never made.
    void opened.close();
  }
}
