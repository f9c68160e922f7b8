import { describe, expect, test } from "vitest";
import { authjsUser } from "headgate/identities/authjs";
import { betterAuthSession } from "headgate/identities/better-auth";
import { clerkUser } from "headgate/identities/clerk";
import { jwtUser } from "headgate/identities/jwt";
import { supabaseUser } from "headgate/identities/supabase";
import { withoutBlanks } from "#lib/identity/blanks";
import { clerkInstance } from "../../support/sessions/clerk.ts";
import { requestWith } from "../../support/sessions/set-cookies.ts";
import { cpuMs } from "../../support/cpu.ts";

test.each([
  ["", ""],
  [" \t ", ""],
  ["a", "a"],
  ["\t a b \t", "a b"],
  ["\u00A0a\n", "\u00A0a\n"],
])("withoutBlanks turns %j into %j", (text, expected) => {
  expect(withoutBlanks(text)).toBe(expected);
});

const LONG = 100_000;
const secret = "a secret of the tests that signs";
const { jwtKey, publishableKey } = await clerkInstance();

const RESOLVERS: Record<string, [(request: Request) => Promise<string | undefined>, string]> = {
  jwtUser: [jwtUser({ secrets: [secret], audience: "app" }), "session"],
  authjsUser: [authjsUser({ secret }), "authjs.session-token"],
  betterAuthSession: [betterAuthSession({ secret }), "better-auth.session_token"],
  clerkUser: [clerkUser({ jwtKey, publishableKey }), "__session"],
  supabaseUser: [supabaseUser({ url: "https://a.supabase.co", secret }), "sb-a-auth-token"],
};

describe.each(Object.entries(RESOLVERS))("%s with hostile headers", (_, [resolve, name]) => {
  // A client may send such a header with each request. When the time was quadratic, 100 kB took 25 seconds.
  test.each([
    ["blanks in a name", `a${" ".repeat(LONG)}b=1`],
    ["blanks in the session", `${name}=a${" ".repeat(LONG)}b`],
    ["semicolons", ";".repeat(LONG)],
    ["equals signs", `${name}${"=".repeat(LONG)}`],
    ["dots", `${name}=${".".repeat(LONG)}`],
    ["escapes", `${name}=${"%41".repeat(LONG / 4)}%`],
    ["chunks", Array.from({ length: LONG / 40 }, (_, i) => `${name}.${i}=x`).join(";")],
    ["cookies of the session's name", `${name}=x;`.repeat(LONG / 40)],
  ])("a cookie with very many %s is read in less than a second", async (_title, cookie) => {
    const began = cpuMs();
    expect(await resolve(requestWith(cookie))).toBeUndefined();
    expect(cpuMs() - began).toBeLessThan(1000);
  });

  test("an Authorization header with very many blanks is read in less than a second", async () => {
    const began = cpuMs();
    const authorization = `Bearer ${" ".repeat(LONG)}a b`;
    expect(await resolve(requestWith("", { authorization }))).toBeUndefined();
    expect(cpuMs() - began).toBeLessThan(1000);
  });
});
