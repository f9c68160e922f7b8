import { describe, expect, test } from "vitest";
import { clientOf, unresolvedOf } from "#lib/identity/identify";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { createSessionDoubts } from "#lib/identity/session-doubts";
import { wanted } from "../../support/wanted.ts";

const look = (cookie: string) =>
  createSessionDoubts()(["user"], new Headers({ cookie: `theme=dark; ${cookie}; lang=de` }));

describe("createSessionDoubts", () => {
  test.each([
    ["authjs.session-token=eyJ", "Auth.js"],
    ["__Secure-authjs.session-token=eyJ", "Auth.js"],
    ["__Host-authjs.session-token=eyJ", "Auth.js"],
    ["next-auth.session-token=eyJ", "Auth.js"],
    ["__Secure-next-auth.session-token.0=eyJ", "Auth.js"],
    ["next-auth.session-token.1=eyJ", "Auth.js"],
    ["better-auth.session_token=x.y", "better-auth"],
    ["__Secure-better-auth.session_token=x.y", "better-auth"],
    ["__session=eyJ", "Clerk"],
    ["__session_Ab-9_xyz=eyJ", "Clerk"],
    ["__client_uat=1764404958", "Clerk"],
    ["__client_uat_Ab9xyz12=1764404958", "Clerk"],
    ["sb-abcdefghijklmnopqrst-auth-token=base64-eyJ", "Supabase"],
    ["sb-abcdefghijklmnopqrst-auth-token.0=base64-eyJ", "Supabase"],
    ["sb-127-auth-token.1=eyJ", "Supabase"],
  ])(
    "an unresolved identity with the session cookie %s is reported, without the cookie's value",
    (cookie, library) => {
      const doubt = look(cookie);
      expect(doubt).toMatchObject({ code: "IDENTITY_UNRESOLVED", level: "info" });
      expect(doubt?.message).toContain(`session cookie of ${library}`);
      expect(doubt?.message).toContain("the identity user resolved to nothing");
      expect(doubt?.message).toContain("headgate/docs/reference/errors.md#identity_unresolved");
      expect(doubt?.message).not.toMatch(/eyJ|x\.y|1764|Ab-9|abcdef/);
    },
  );

  test.each([
    "session=eyJ",
    "authjs.session-token=",
    "authjs.csrf-token=eyJ",
    "__Host-next-auth.csrf-token=eyJ",
    "my-authjs.session-token=eyJ",
    "authjs.session-tokens=eyJ",
    "better-auth.session_data=eyJ",
    "__client_uat=0",
    "__client_uat_Ab9xyz12=0",
    "__sessionid=eyJ",
    "sb-ref-auth-token-code-verifier=eyJ",
    "other=authjs.session-token",
    `${"sb-".repeat(5000)}=x`,
  ])("an unresolved identity with the cookie %.50s is not reported", (cookie) => {
    expect(look(cookie)).toBeUndefined();
  });

  test("each identity and library is reported once, however many requests there are", () => {
    const doubts = createSessionDoubts();
    const requests = ["authjs.session-token=a", "__session=b", "authjs.session-token=c"];
    const told = Array.from({ length: 20 }, () =>
      requests.map((cookie) => doubts(["user", "team"], new Headers({ cookie }))?.message),
    );
    expect(told.flat().filter((one) => one !== undefined)).toHaveLength(4);
    expect(doubts([], new Headers({ cookie: "__session=b" }))).toBeUndefined();
  });
});

describe("unresolvedOf", () => {
  const name = createKeyedHash("a secret of the tests, long enough");

  test.each<[string, string, Readonly<Record<string, string | undefined>>, string[]]>([
    ["user", "user", { user: undefined }, ["user"]],
    ["user|ip", "user|ip", { user: "" }, ["user"]],
    ["ip+user", "ip+user", { user: undefined }, ["user"]],
    ["a user that resolved", "user", { user: "ada" }, []],
    ["ip+user that resolved", "ip+user", { user: "ada" }, []],
    ["user|key where the key resolved", "user|key", { user: undefined, key: "k" }, []],
    ["the identity of a tier", "ip", { plan: undefined }, ["plan"]],
    ["ip alone", "ip", {}, []],
    ["an identity from code, or whose resolver failed", "account", {}, []],
  ])(
    "for %s, a limit of %j with %j has the unresolved identities %j",
    (_, expression, given, names) => {
      const values = new Map(Object.entries(given));
      const client = clientOf(wanted(expression), values, "203.0.113.9", name);
      expect(unresolvedOf(wanted(expression), client)).toEqual(names);
    },
  );
});
