import { withoutBlanks } from "../blanks.ts";
import { MAX_TOKEN } from "./parts.ts";

/**
 * The way in which a library reads the Cookie header. The gate must read it in the same way: a client could
 * otherwise write its session so that the app accepts it and the gate finds no user.
 */
export interface CookieReader {
  /** The value that is kept when a name occurs twice. */
  readonly keeps: "first" | "last";
  name(text: string): string;
  /** Returns a value; undefined for one that the library ignores. */
  value(text: string): string | undefined;
}

/** The package `cookie`, which Auth.js and Clerk use. */
export const PACKAGE_COOKIE: CookieReader = {
  keeps: "first",
  name: withoutBlanks,
  value: (text) => decoded(withoutBlanks(text)) ?? withoutBlanks(text),
};

/** The package `better-call`, which better-auth uses. It removes quotes. */
export const BETTER_CALL: CookieReader = {
  keeps: "first",
  name: (text) => text.trim(),
  value(text) {
    const trimmed = text.trim();
    const bare = trimmed.startsWith('"') ? trimmed.slice(1, -1) : trimmed;
    return decoded(bare) ?? bare;
  },
};

/** `cookies()` of Next, which an app passes to `@supabase/ssr`. */
export const NEXT_COOKIES: CookieReader = {
  keeps: "last",
  name: (text) => text.replace(/^ +/, ""),
  value: (text) => decoded(text),
};

/** Returns the wanted cookies of a request, as a library reads them. */
export function cookiesNamed(
  headers: Headers,
  reader: CookieReader,
  isWanted: (name: string) => boolean,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const pair of (headers.get("cookie") ?? "").split(";")) {
    const at = pair.indexOf("=");
    const name = at === -1 ? "" : reader.name(pair.slice(0, at));
    if (name === "" || !isWanted(name) || (reader.keeps === "first" && found.has(name))) continue;
    const value = reader.value(pair.slice(at + 1));
    if (value !== undefined) found.set(name, value);
  }
  return found;
}

/** Joins the chunks of a session; returns undefined when they are empty or too long. */
export function joined(chunks: readonly string[]): string | undefined {
  const session = chunks.join("");
  return session !== "" && session.length <= MAX_TOKEN ? session : undefined;
}

/** Returns the text without its escapes; undefined when one is invalid. */
function decoded(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
