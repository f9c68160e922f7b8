import { isStoreFailure } from "#lib/redis/errors";
import type { Claims, ClaimToken } from "./claim.ts";
import type { Effect } from "./effect.ts";

export interface Done {
  readonly token: ClaimToken;
  readonly result: unknown;
  readonly effect?: Effect | undefined;
}

/**
 * Commits work that is done. When its result cannot be kept, the work is committed without the result,
 * so that it is not run again. Returns false when another caller has claimed the key.
 *
 * @param onUnkept called with the reason when a result is not kept
 * @throws every error that the last commit throws
 */
export async function commitDone(
  claims: Pick<Claims, "commit">,
  { token, result, effect }: Done,
  onUnkept: (error: unknown) => void,
): Promise<boolean> {
  try {
    return await claims.commit(token, result, effect);
  } catch (error) {
    // A store that fails would fail again; a store that rejects the call may reject only the result.
    if (result === undefined || isStoreFailure(error)) throw error;
    onUnkept(error);
    return claims.commit(token, undefined, effect);
  }
}
