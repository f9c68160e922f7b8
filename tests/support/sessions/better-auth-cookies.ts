import type { BetterAuthOptions } from "better-auth";
import { betterAuthUser } from "headgate/identities/better-auth";
import { BETTER_AUTH_SECRET } from "./better-auth.ts";
import { headerOf, pairsOf, requestWith } from "./set-cookies.ts";

/** The ways in which better-auth writes its cache. */
export const STRATEGIES = ["compact", "jwt", "jwe"] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** The session's cookies that better-auth sets over https. */
export const TOKEN = "__Secure-better-auth.session_token";
export const DATA = "__Secure-better-auth.session_data";

/** Returns the options of an app whose sessions are cached in cookies. */
export const cached = (strategy: Strategy, more: object = {}): BetterAuthOptions => ({
  session: { cookieCache: { enabled: true, strategy, ...more } },
});

/** Returns a function that finds the user of a Cookie header. */
export const resolver = (strategy: Strategy) => {
  const resolve = betterAuthUser({ secret: BETTER_AUTH_SECRET, strategy });
  return (cookie: string) => resolve(requestWith(cookie));
};

/** Returns the cookies with changed values; a cookie whose new value is empty is removed. */
export function withCookies(cookies: string, changes: Readonly<Record<string, string>>): string {
  const all = { ...Object.fromEntries(pairsOf(cookies)), ...changes };
  return headerOf(Object.entries(all).filter(([, value]) => value !== ""));
}

/** Returns the value of a cookie. */
export const valueOf = (cookies: string, name: string) => new Map(pairsOf(cookies)).get(name) ?? "";
