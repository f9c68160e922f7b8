import { afterAll, beforeAll, vi } from "vitest";

/** The cookie of a session. */
export const NAME = "sb-shopref-auth-token";
/** The id of another user. */
export const EVE = "6f9b1c1e-0000-4000-8000-0000000000e5";

export const now = () => Math.floor(Date.now() / 1000);

/** Returns a session with an access token. */
export const sessionWith = (token: unknown) => ({
  access_token: token,
  refresh_token: "r",
  expires_at: now() + 3600,
  user: {},
});

/** Returns the cookie of a session. */
export const cookieWith = (session: unknown) =>
  `${NAME}=base64-${Buffer.from(JSON.stringify(session)).toString("base64url")}`;

/** Keeps Supabase's client from printing the problems of cookies and keys, for all tests of a file. */
export function withoutWarnings(): void {
  beforeAll(() => {
    for (const method of ["warn", "error"] as const) vi.spyOn(console, method).mockReturnValue();
  });
  afterAll(() => void vi.restoreAllMocks());
}
