import { isStoreFailure } from "#lib/redis/errors";
import type { Claims, ClaimToken } from "./claims.ts";
import type { Effect } from "./effect.ts";

export interface Done {
  readonly token: ClaimToken;
  readonly result: unknown;
  readonly effect?: Effect | undefined;
}

/**
 * Commits work that is done: without its result where that cannot be kept, since it must not be
 * thought undone for that. False where somebody else has taken it over.
 *
 * @param onUnkept hears why a result is not kept
 * @throws whatever the last commit throws
 */
export async function commitDone(
  claims: Pick<Claims, "commit">,
  { token, result, effect }: Done,
  onUnkept: (error: unknown) => void,
): Promise<boolean> {
  try {
    return await claims.commit(token, result, effect);
  } catch (error) {
    // A store that fails would fail again; one that refuses may refuse the result alone.
    if (result === undefined || isStoreFailure(error)) throw error;
    onUnkept(error);
    return claims.commit(token, undefined, effect);
  }
}
