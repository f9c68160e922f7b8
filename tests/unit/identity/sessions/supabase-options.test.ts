import { describe, expect, test } from "vitest";
import { supabaseUser } from "headgate/identities/supabase";
import { requestWith } from "../../../support/sessions/set-cookies.ts";
import { ADA, PROJECT, supabaseProject } from "../../../support/sessions/supabase.ts";
import {
  cookieWith,
  sessionWith,
  withoutWarnings,
} from "../../../support/sessions/supabase-cookies.ts";

const project = await supabaseProject();
const { jwks } = project;

withoutWarnings();

describe("supabaseUser throws IDENTITY_OPTIONS_INVALID", () => {
  const error = (option: string) => ({
    code: "IDENTITY_OPTIONS_INVALID",
    message: expect.stringContaining(`option ${option} of supabaseUser`),
  });
  const good = { url: PROJECT, jwks };

  test.each<[string, object]>([
    ["url", { url: undefined }],
    ["url", { url: "" }],
    ["url", { url: "shopref" }],
    ["url", { url: "ftp://shopref.supabase.co" }],
    ["url", { url: "https://" }],
    ["url", { url: 7 }],
    ["jwks", { jwks: undefined }],
    ["jwks", { jwks: "{" }],
    ["jwks", { jwks: [] }],
    ["jwks", { jwks: { keys: [] } }],
    ["jwks", { jwks: { keys: "es" } }],
    ["jwks", { jwks: { keys: [{ kty: "oct", kid: "a", k: "c2VjcmV0" }] } }],
    ["jwks", { jwks: { keys: [{ kty: "EC", crv: "P-256", x: "x", y: "y" }] } }],
    ["secret", { jwks: undefined, secret: "" }],
    ["secret", { secret: 7 }],
  ])("supabaseUser rejects %s at once when the options have %j", (option, change) => {
    expect(() => supabaseUser({ ...good, ...change })).toThrow(
      expect.objectContaining(error(option)),
    );
  });

  test("supabaseUser throws at a request when a function returns nothing or a key cannot be read", async () => {
    const request = requestWith(cookieWith(sessionWith(await project.sign())));
    const nothing = () => undefined;
    const broken = { keys: [{ kty: "EC", crv: "P-256", kid: "es", x: "x", y: "y" }] };
    const resolveWith = (change: object) => supabaseUser({ ...good, ...change })(request);
    await expect(resolveWith({ url: nothing })).rejects.toMatchObject(error("url"));
    await expect(resolveWith({ jwks: nothing })).rejects.toMatchObject(error("jwks"));
    await expect(resolveWith({ secret: nothing })).rejects.toMatchObject(error("secret"));
    await expect(resolveWith({ jwks: broken })).rejects.toMatchObject(error("jwks"));
  });

  test("supabaseUser ignores a key of another type beside a usable one", async () => {
    const others = [
      { kty: "OKP", crv: "Ed25519", kid: "ed", x: "x" },
      { kty: "oct", kid: "es", k: "AAAA" },
    ];
    const own = supabaseUser({ url: PROJECT, jwks: { keys: [...jwks.keys, ...others] } });
    expect(await own(requestWith("", { authorization: `Bearer ${await project.sign()}` }))).toBe(
      ADA,
    );
  });
});
