import { describe, expect, test } from "vitest";
import { unresolvedOf } from "#lib/identity/identify";
import { createSessionDoubts } from "#lib/identity/session-doubts";

const look = (cookie: string) =>
  createSessionDoubts()(["user"], new Headers({ cookie: `theme=dark; ${cookie}; lang=de` }));

describe("a request whose identity resolved to nothing", () => {
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
    "is told of with the session cookie %s, and nothing that the cookie holds",
    (cookie, library) => {
      const doubt = look(cookie);
      expect(doubt).toMatchObject({ code: "IDENTITY_UNRESOLVED", level: "info" });
      expect(doubt?.message).toContain(`session cookie of ${library}`);
      expect(doubt?.message).toContain("the identity user resolved to nothing");
      expect(doubt?.message).toContain("docs/client-address.md#identity_unresolved");
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
  ])("is not told of with the cookie %.50s", (cookie) => {
    expect(look(cookie)).toBeUndefined();
  });

  test("is told of once for each identity and library, however many requests there are", () => {
    const doubts = createSessionDoubts();
    const requests = ["authjs.session-token=a", "__session=b", "authjs.session-token=c"];
    const told = Array.from({ length: 20 }, () =>
      requests.map((cookie) => doubts(["user", "team"], new Headers({ cookie }))?.message),
    );
    expect(told.flat().filter((one) => one !== undefined)).toHaveLength(4);
    expect(doubts([], new Headers({ cookie: "__session=b" }))).toBeUndefined();
  });
});

describe("the identities that came to nothing", () => {
  const limitsOf = (...names: readonly string[]) => [
    { subject: { kind: "first", names } as const },
  ];
  const combined = [{ subject: { kind: "all", names: ["ip", "user"] } as const }];

  test.each([
    ["user", limitsOf("user"), { user: undefined }, ["user"]],
    ["user|ip", limitsOf("user", "ip"), { user: "" }, ["user"]],
    ["ip+user", combined, { user: undefined }, ["user"]],
    ["a user that resolved", limitsOf("user"), { user: "ada" }, []],
    ["ip+user that resolved", combined, { user: "ada" }, []],
    ["user|key where the key resolved", limitsOf("user", "key"), { user: undefined, key: "k" }, []],
    ["the identity of a tier", limitsOf("ip"), { plan: undefined }, ["plan"]],
    ["ip alone", limitsOf("ip"), {}, []],
    ["an identity from code, or whose resolver failed", limitsOf("account"), {}, []],
  ])("are, for %s, %j with %j: %j", (_, limits, values, names) => {
    expect(unresolvedOf(limits, new Map(Object.entries(values)))).toEqual(names);
  });
});
