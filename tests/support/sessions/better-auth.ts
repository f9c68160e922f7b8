import { memoryAdapter } from "better-auth/adapters/memory";
import { betterAuth, type BetterAuthOptions } from "better-auth";
import { cookiesSetBy } from "./set-cookies.ts";

export const BETTER_AUTH_SECRET = "the secret of better-auth in the tests";

const EMPTY = () => ({ user: [], session: [], account: [], verification: [] });

/** An app with better-auth, whose users are in memory. */
export function betterAuthApp(
  changes: Partial<BetterAuthOptions> = {},
  origin = "https://app.example",
) {
  const auth = betterAuth({
    secret: BETTER_AUTH_SECRET,
    baseURL: origin,
    database: memoryAdapter(EMPTY()),
    emailAndPassword: { enabled: true, password: PASSWORDS },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    user: { additionalFields: { about: { type: "string", required: false } } },
    ...changes,
  });
  const send = (path: string, cookie: string, body?: object) =>
    auth.handler(
      new Request(`${origin}/api/auth/${path}`, {
        method: body ? "POST" : "GET",
        headers: { cookie, origin, ...(body ? { "content-type": "application/json" } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      }),
    );
  return {
    /** Signs up, and returns the browser's cookies and the user's id. */
    async signUp(name: string, about = ""): Promise<{ cookies: string; id: string }> {
      const email = `${name}@app.example`;
      const answer = await send("sign-up/email", "", {
        name,
        email,
        password: "a password",
        about,
      });
      if (!answer.ok) throw new Error(`Signing up was answered ${answer.status}.`);
      const { user } = (await answer.json()) as { user: { id: string } };
      return { cookies: cookiesSetBy(answer), id: user.id };
    },
    /** Returns the user of a request according to better-auth. */
    async userOf(cookie: string): Promise<string | undefined> {
      const answer = await send("get-session", cookie);
      const found = (await answer.json()) as { user?: { id: string } } | null;
      return found?.user?.id;
    },
  };
}

/** Password hashing is slow by design, and not the subject of these tests. */
const PASSWORDS = {
  hash: (password: string) => Promise.resolve(`hashed ${password}`),
  verify: ({ hash, password }: { hash: string; password: string }) =>
    Promise.resolve(hash === `hashed ${password}`),
};
