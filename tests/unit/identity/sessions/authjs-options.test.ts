import { describe, expect, test } from "vitest";
import { authjsUser } from "headgate/identities/authjs";
import { AUTHJS_SECRET } from "../../../support/sessions/authjs.ts";
import { requestWith } from "../../../support/sessions/set-cookies.ts";
import { SECURE, session } from "../../../support/sessions/authjs-cookies.ts";

describe("authjsUser throws IDENTITY_OPTIONS_INVALID", () => {
  test.each([undefined, "", [], [undefined], 7, ["a secret", 7]])(
    "authjsUser rejects the secret %j, at once or at the first request",
    async (secret) => {
      const wrong = secret as string;
      const error = {
        code: "IDENTITY_OPTIONS_INVALID",
        message: expect.stringMatching(/\bsecret of authjsUser\b/),
      };
      expect(() => authjsUser({ secret: wrong })).toThrow(expect.objectContaining(error));
      const later = authjsUser({ secret: () => wrong });
      const cookie = `${SECURE}=${await session()}`;
      await expect(later(requestWith(cookie))).rejects.toMatchObject(error);
    },
  );

  test("authjsUser's error does not hold the secret, and a function is called again until it returns one", async () => {
    const given: unknown[] = [["a secret of the app", 7], AUTHJS_SECRET, "another"];
    const later = authjsUser({ secret: () => given.shift() as string });
    const cookie = `${SECURE}=${await session()}`;
    await expect(later(requestWith(cookie))).rejects.not.toThrow("a secret of the app");
    expect(await later(requestWith(cookie))).toBe("ada");
    expect(await later(requestWith(cookie))).toBe("ada");
    expect(given).toEqual(["another"]);
  });
});
