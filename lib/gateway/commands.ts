import { RequestError } from "./request-error.ts";
import type { Argument, Command } from "#lib/gateway/store/store";

/** The name of a command of Redis or of one of its modules. */
const COMMAND_NAME = /^[a-z][a-z0-9._-]{0,63}$/i;

/**
 * Reads a body as JSON.
 *
 * @throws {RequestError} 400 when it is not JSON in UTF-8
 */
export function readJson(body: Buffer): unknown {
  try {
    // Invalid UTF-8 must not be replaced: that would store other bytes than were sent.
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new RequestError(400, "ERR the body is not JSON in UTF-8");
  }
}

/**
 * Reads one command from JSON such as `["SET", "key", 1]`. Numbers and booleans become text.
 *
 * @throws {RequestError} 400 naming what is wrong with it
 */
export function readCommand(value: unknown): Command {
  if (!Array.isArray(value)) {
    throw new RequestError(400, 'ERR a command is a JSON array, such as ["GET", "key"]');
  }
  return checked(value.map(readArgument));
}

/**
 * Reads several commands from an array of arrays.
 *
 * @param most how many are allowed
 * @throws {RequestError} 400 naming what is wrong with them
 */
export function readCommands(value: unknown, most: number): Command[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new RequestError(
      400,
      'ERR a pipeline is a JSON array of commands, such as [["GET", "key"]]',
    );
  }
  if (value.length > most) {
    throw new RequestError(400, `ERR ${value.length} commands in a pipeline; at most ${most}`);
  }
  return value.map(readCommand);
}

/**
 * Reads one command from a path such as `/set/key/value?EX=10`. Its arguments are the segments of the path,
 * then the body unless it is empty, then the pairs of the query.
 *
 * @throws {RequestError} 400 naming what is wrong with it
 */
export function commandFromPath(path: string, query: string, body: Buffer): Command {
  const options = [...new URLSearchParams(query)].flatMap(([name, value]) =>
    value === "" ? [name] : [name, value],
  );
  const segments = path.slice(1).split("/").map(decodeSegment);
  return checked([...segments, ...(body.length > 0 ? [body] : []), ...options]);
}

/**
 * Decodes a segment of a path.
 *
 * @throws {RequestError} 400 when it is not percent-encoded UTF-8
 */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new RequestError(400, "ERR the path is not percent-encoded UTF-8");
  }
}

function readArgument(value: unknown, index: number): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new RequestError(
    400,
    `ERR argument ${index} of a command must be a string, a number or a boolean, not ${kindOf(value)}`,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : "an object";
}

function checked([name, ...args]: Argument[]): Command {
  if (typeof name === "string" && COMMAND_NAME.test(name)) return [name, ...args];
  throw new RequestError(400, "ERR a command begins with its name, such as GET");
}
