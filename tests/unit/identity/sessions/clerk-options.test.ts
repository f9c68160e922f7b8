import { describe, expect, test } from "vitest";
import { clerkOrganization, clerkUser } from "headgate/identities/clerk";
import { clerkInstance } from "../../../support/sessions/clerk.ts";
import { requestWith } from "../../../support/sessions/set-cookies.ts";

const clerk = await clerkInstance();
const { jwtKey, publishableKey } = clerk;
const keys = { jwtKey, publishableKey };

describe("Clerk's resolvers throw IDENTITY_OPTIONS_INVALID", () => {
  const error = (option: string, resolver: string) => ({
    code: "IDENTITY_OPTIONS_INVALID",
    message: expect.stringContaining(`option ${option} of ${resolver}`),
  });

  test.each([undefined, "", "no key", "%", 7, null, []])(
    "clerkUser and clerkOrganization reject the key %j at once",
    (key) => {
      const wrong = key as string;
      expect(() => clerkUser({ ...keys, jwtKey: wrong })).toThrow(
        expect.objectContaining(error("jwtKey", "clerkUser")),
      );
      expect(() => clerkOrganization({ ...keys, jwtKey: wrong })).toThrow(
        expect.objectContaining(error("jwtKey", "clerkOrganization")),
      );
    },
  );

  test.each<[string, () => string | JsonWebKey]>([
    ["a variable that is not set", () => undefined as unknown as string],
    ["base64 that is no key", () => "c2VjcmV0"],
    ["a secret", () => ({ kty: "oct", k: "c2VjcmV0", alg: "HS256" })],
    ["a key of another algorithm", () => ({ kty: "EC", crv: "P-256", x: "x", y: "y" })],
    ["an RSA key for another hash", () => ({ kty: "RSA", alg: "RS512", n: "AQAB", e: "AQAB" })],
    ["half a key", () => ({ kty: "RSA", e: "AQAB" })],
  ])("clerkUser rejects, at the first request, %s as its key", async (_, key) => {
    const later = clerkUser({ ...keys, jwtKey: key });
    const resolved = later(requestWith(`__session=${await clerk.sign()}`));
    await expect(resolved).rejects.toMatchObject(error("jwtKey", "clerkUser"));
    // A request without a token needs no key.
    expect(await later(requestWith(""))).toBeUndefined();
  });

  test.each([undefined, "", "sk_live_of_the_tests", 7])(
    "clerkUser rejects the publishable key %j",
    (key) => {
      expect(() => clerkUser({ jwtKey, publishableKey: key as string })).toThrow(
        expect.objectContaining(error("publishableKey", "clerkUser")),
      );
    },
  );

  test.each(["https://app.example", [7], [""], null])(
    "clerkUser rejects the authorized parties %j",
    (parties) => {
      const authorizedParties = parties as string[];
      expect(() => clerkUser({ ...keys, authorizedParties })).toThrow(
        expect.objectContaining(error("authorizedParties", "clerkUser")),
      );
    },
  );
});
