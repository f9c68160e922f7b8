import { expect, test } from "vitest";
import { endOfSession, sessionCookie } from "#app/_domain/auth/session";
import { AUTH_SECRET } from "../../support/sign.ts";

const OPTIONS = { secret: AUTH_SECRET, audience: "headgate", user: "ada" };

test.each([
  ["https://app.example/dev/sign-in", "__Host-session"],
  ["http://127.0.0.1:3000/dev/sign-in", "session"],
])("a session that starts at %s is in the cookie %s, and ends there", async (url, name) => {
  const request = new Request(url);
  // RFC 6265bis, 4.1.3.2: a cookie with this prefix must have Secure and Path=/, and no Domain.
  const attributes = "; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=";
  const [value, rest] = (await sessionCookie(request, OPTIONS)).split(attributes);
  expect(value).toMatch(new RegExp(`^${name}=[\\w-]+\\.[\\w-]+\\.[\\w-]+$`));
  expect(rest).toBe("28800");
  expect(endOfSession(request)).toBe(`${name}=${attributes}0`);
});
