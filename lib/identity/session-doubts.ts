import { type Doubt, doubtOf } from "#lib/core/doubt";

/**
 * A session cookie with a value, whole or a chunk: of Auth.js and NextAuth, of better-auth, of Clerk, or of
 * Supabase, a group for each. Clerk gives signed-out visitors `__client_uat=0`.
 */
const SESSION =
  /(?:^|; *)(?:((?:__(?:Secure|Host)-)?(?:authjs|next-auth)\.session-token(?:\.\d+)?)|((?:__(?:Secure|Host)-)?better-auth\.session_token)|(__session(?:_[\w-]+)?|__client_uat(?:_[\w-]+)?(?==[1-9]))|(sb-[\w-]+-auth-token(?:\.\d+)?))=[^;\s]/;

/** Whose cookie each group is. Auth0 and Firebase call theirs `__session` too. */
const LIBRARIES = ["Auth.js", "better-auth", "Clerk (__session)", "Supabase"];

/**
 * Makes the function that looks at the cookies of a request of which identities resolved to nothing. It
 * tells each identity and library once: a client can send any cookie.
 */
export function createSessionDoubts(): (
  unresolved: readonly string[],
  headers: Headers,
) => Doubt | undefined {
  const told = new Set<string>();
  return (unresolved, headers) => {
    const cookies = unresolved.length > 0 && headers.get("cookie");
    const [, ...found] = (cookies && SESSION.exec(cookies)) || [];
    const library = LIBRARIES[found.findIndex(Boolean)];
    const name = library && unresolved.find((one) => !told.has(`${one} ${library}`));
    if (!name) return undefined;
    told.add(`${name} ${library}`);
    const words = `A request carried a session cookie of ${library}, and the identity ${name} resolved to nothing, so the request was counted without it. If the session is this app's and still good, let the resolver of ${name} read it.`;
    return doubtOf("IDENTITY_UNRESOLVED", "info", words);
  };
}
