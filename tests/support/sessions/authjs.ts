import { Auth, type AuthConfig } from "@auth/core";
import Credentials from "@auth/core/providers/credentials";
import { cookiesSetBy } from "./set-cookies.ts";

export const AUTHJS_SECRET = "the secret of Auth.js in the tests";

const SILENT = { error() {}, warn() {}, debug() {} };

/** An app with Auth.js that signs in every name, and keeps `padding` characters in the session. */
export function authjsApp(changes: Partial<AuthConfig> = {}, padding = 0) {
  const config: AuthConfig = {
    secret: AUTHJS_SECRET,
    trustHost: true,
    basePath: "/api/auth",
    logger: SILENT,
    providers: [
      Credentials({
        credentials: { name: {} },
        authorize: ({ name }) => ({ id: String(name), name: `${String(name)} of the tests` }),
      }),
    ],
    callbacks: {
      jwt: ({ token }) => ({ ...token, padding: "x".repeat(padding) }),
      session: ({ session, token }) => ({ ...session, user: { id: token.sub ?? "" } }),
    },
    ...changes,
  };
  const send = async (origin: string, path: string, cookie: string, body?: URLSearchParams) =>
    Auth(
      new Request(`${origin}/api/auth/${path}`, {
        method: body ? "POST" : "GET",
        headers: { cookie },
        ...(body ? { body } : {}),
      }),
      config,
    );
  return {
    /** Returns the cookies of a browser after a sign-in. */
    async signIn(name: string, origin = "https://app.example"): Promise<string> {
      const response = await send(origin, "csrf", "");
      const { csrfToken } = (await response.json()) as { csrfToken: string };
      const cookies = cookiesSetBy(response);
      const body = new URLSearchParams({ csrfToken, name });
      return cookiesSetBy(await send(origin, "callback/credentials", cookies, body), cookies);
    },
    /** Returns the user of a request according to Auth.js. */
    async userOf(cookie: string, origin = "https://app.example"): Promise<string | undefined> {
      const answer = await send(origin, "session", cookie);
      // Auth.js fails on some cookies of other names, with an empty body.
      if (!answer.ok) return undefined;
      const session = (await answer.json()) as { user?: { id?: string } } | null;
      return session?.user?.id;
    },
  };
}
