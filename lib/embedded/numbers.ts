import type { Bytes } from "./bytes.ts";
import { CommandError, NOT_A_FLOAT, NOT_AN_INTEGER } from "./errors.ts";

const INTEGER = /^(?:0|-?[1-9][0-9]{0,18})$/;
const FLOAT = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

/** Returns true when a whole number fits into 64 bits with a sign, as in Redis. */
export function fits(value: bigint): boolean {
  return value >= MIN && value <= MAX;
}

/**
 * Reads a whole number of 64 bits in the notation of Redis: without a plus sign, leading zeros or spaces.
 *
 * @throws {CommandError} with the given message
 */
export function readBigInteger(text: Bytes, message = NOT_AN_INTEGER): bigint {
  const value = INTEGER.test(text) ? BigInt(text) : undefined;
  if (value === undefined || !fits(value)) throw new CommandError(message);
  return value;
}

/**
 * Reads the same as a number, for places and counts, which are far below 2^53.
 *
 * @throws {CommandError} with the given message
 */
export function readInteger(text: Bytes, message = NOT_AN_INTEGER): number {
  return Number(readBigInteger(text, message));
}

/**
 * Reads a whole number of 0 or more.
 *
 * @throws {CommandError} as Redis words it
 */
export function readPositive(text: Bytes): number {
  const message = "ERR value is out of range, must be positive";
  const value = readInteger(text, message);
  if (value < 0) throw new CommandError(message);
  return value;
}

/** Reads a double as strtod of C does, with infinities. Returns undefined when the text is not a number. */
export function strtod(text: Bytes): number | undefined {
  if (FLOAT.test(text)) return Number(text);
  const infinite = INFINITE.exec(text);
  if (!infinite) return undefined;
  return infinite[1] === "-" ? -Infinity : Infinity;
}

/**
 * Reads a double that is neither too large nor so small that it becomes 0.
 *
 * @throws {CommandError} as Redis words it
 */
export function readDouble(text: Bytes): number {
  const value = strtod(text);
  const isOutOfRange = value === 0 ? /^[^e]*[1-9]/i.test(text) : !Number.isFinite(value);
  if (value === undefined || (isOutOfRange && FLOAT.test(text)))
    throw new CommandError(NOT_A_FLOAT);
  return value;
}

/** Writes a double as Redis 7.0 does: %.17g of C. */
export function writeDouble(value: number): Bytes {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  if (Number.isSafeInteger(value)) return String(value);
  const [digits = "", exponent = ""] = value.toExponential(16).split("e");
  const power = Number(exponent);
  if (power >= -5 && power < 17) return withoutZeros(value.toFixed(16 - power));
  const sign = power < 0 ? "-" : "+";
  return `${withoutZeros(digits)}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}

function withoutZeros(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}
