import { mustBe } from "#lib/core/argument";
import { HeadgateError } from "#lib/core/errors";
import { durationInWords, parseDuration } from "#lib/core/duration";
import { LONGEST_MS } from "./entry.ts";
import type { Terms } from "./types.ts";

/** The shortest life of an entry, in milliseconds. */
const SHORTEST_MS = 1000;

const MOST_OF_REASON = 200;
const MOST_OF_BY = 100;

/** Control characters, line and paragraph separators, and characters that change the direction of text. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u{202a}-\u{202e}\u{2066}-\u{2069}]/u;

/** The reason, the author and the length of an entry. */
export interface ReadTerms {
  readonly forMs: number;
  readonly reason: string;
  readonly by: string;
}

/** @throws {HeadgateError} CONTROL_BAD_ARGUMENT */
export function readTerms(given: Terms): ReadTerms {
  const { for: length, reason, by } = given;
  return { forMs: readLength(length), reason: readReason(reason), by: readBy(by) };
}

/** @throws {HeadgateError} CONTROL_BAD_ARGUMENT */
export function readReason(reason: unknown): string {
  return readText("reason", reason, MOST_OF_REASON);
}

/** @throws {HeadgateError} CONTROL_BAD_ARGUMENT */
export function readBy(by: unknown): string {
  return readText("by", by, MOST_OF_BY);
}

/** Returns the error of an argument, with the given value and the allowed values. */
export function badArgument(name: string, given: unknown, allowed: string): HeadgateError {
  return new HeadgateError("CONTROL_BAD_ARGUMENT", mustBe(name, allowed, shown(given)));
}

function shown(given: unknown): string {
  if (given === undefined || given === null || typeof given === "boolean") return String(given);
  if (typeof given === "number") return String(given);
  if (typeof given !== "string") return typeof given === "object" ? "an object" : typeof given;
  return JSON.stringify(given.length > 64 ? `${given.slice(0, 64)}…` : given);
}

function readLength(given: unknown): number {
  const ms = typeof given === "string" ? parseDuration(given) : given;
  if (typeof ms === "number" && Number.isInteger(ms) && ms >= SHORTEST_MS && ms <= LONGEST_MS) {
    return ms;
  }
  const allowed = `a length such as "2h" or "30 minutes", or milliseconds, from 1 second to ${durationInWords(LONGEST_MS)}`;
  throw badArgument("for", given, allowed);
}

function readText(name: string, given: unknown, most: number): string {
  const isText = typeof given === "string" && given.trim() !== "" && given.length <= most;
  if (isText && given.isWellFormed() && !UNSEEN.test(given)) return given;
  throw badArgument(name, given, `one line of 1 to ${most} characters`);
}
