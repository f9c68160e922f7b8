import { type Doubt, doubtOf } from "#lib/core/doubt";

/**
 * A session cookie with a value, whole or in chunks, with a group for each library: Auth.js and NextAuth,
 * better-auth, Clerk, Supabase. Clerk gives signed-out visitors `__client_uat=0`, which does not match.
 */
const SESSION =
  /(?:^|; *)(?:((?:__(?:Secure|Host)-)?(?:authjs|next-auth)\.session-token(?:\.\d+)?)|((?:__(?:Secure|Host)-)?better-auth\.session_token)|(__session(?:_[\w-]+)?|__client_uat(?:_[\w-]+)?(?==[1-9]))|(sb-[\w-]+-auth-token(?:\.\d+)?))=[^;\s]/;

/** The library of each group. Auth0 and Firebase use the name `__session` too. */
const LIBRARIES = ["Auth.js", "better-auth", "Clerk (__session)", "Supabase"];

/**
 * Makes the function that finds a session cookie in a request whose identities resolved to no value. It
 * returns each identity and library once, since a client can send any cookie.
 */
export function createSessionDoubts(): (
  unresolved: readonly string[],
  headers: Headers,
) => Doubt | undefined {
  const reported = new Set<string>();
  return (unresolved, headers) => {
    const cookies = unresolved.length > 0 && headers.get("cookie");
    const [, ...found] = (cookies && SESSION.exec(cookies)) || [];
    const library = LIBRARIES[found.findIndex(Boolean)];
    const name = library && unresolved.find((one) => !reported.has(`${one} ${library}`));
    if (!name) return undefined;
    reported.add(`${name} ${library}`);
    const words = `A request carried a session cookie of ${library}, and the identity ${name} resolved to nothing, so the request was counted without it. If the session is this app's and still good, let the resolver of ${name} read it.`;
    return doubtOf("IDENTITY_UNRESOLVED", "info", words);
  };
}
