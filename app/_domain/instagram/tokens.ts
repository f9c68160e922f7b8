import * as z from "zod";
import type { Tools } from "#app/_domain/headgate";
import { ProblemError } from "#app/_domain/http/problem-error";
import type { Vault } from "headgate/secrets";
import type { Instagram } from "./client.ts";
import { InstagramError } from "./errors.ts";

export interface TokenParts extends Pick<Tools, "redis" | "keys" | "keyedHash"> {
  readonly vault: Vault;
  readonly instagram: Pick<Instagram, "refresh">;
  /** The long-lived token with which a connection starts. */
  readonly initialToken: string | undefined;
  /** Called when a token could not be refreshed, read or stored. */
  readonly onFailure: (what: string, error: unknown) => void;
  /** Returns milliseconds since 1970. */
  readonly now?: () => number;
}

/** A user's token for Instagram. */
export interface UsableToken {
  readonly token: string;
  /** True when this call got the token from Instagram. */
  readonly refreshed: boolean;
  /** True when Instagram was asked for a new token and returned none. */
  readonly refreshFailed: boolean;
}

const record = z.object({
  token: z.string(),
  /** Milliseconds since 1970. */
  expiresAt: z.number(),
});

const DAY_MS = 24 * 3600 * 1000;

/** A long-lived token is valid for 60 days; it is refreshed when fewer days than this are left. */
const REFRESH_BEFORE_MS = 10 * DAY_MS;
const MAX_KEPT_SECONDS = 60 * 24 * 3600;

/**
 * Makes the store of the users' tokens: each is encrypted in Redis until it expires. The caller must
 * hold the user's lock, so that one instance refreshes at a time.
 */
export function createTokens(parts: TokenParts) {
  const { redis, keys, keyedHash, vault, instagram, initialToken, onFailure } = parts;
  const now = parts.now ?? Date.now;
  // Another initial token is another connection. Otherwise no token would replace an expired one, and a
  // stand-in would overwrite a real token that was refreshed.
  const keyOf = (user: string) =>
    keys.app(
      "instagram-token",
      keyedHash("instagram-connection", JSON.stringify([user, initialToken])),
    );

  async function read(user: string): Promise<z.infer<typeof record> | undefined> {
    const key = keyOf(user);
    const sealed = await redis.get(key);
    if (sealed === null) return undefined;
    const opened = await vault.open(sealed, key);
    // This happens after a change of HEADGATE_SECRET.
    if (opened === undefined)
      onFailure("decrypting a token", new Error("The token cannot be decrypted."));
    return opened === undefined ? undefined : record.parse(JSON.parse(opened));
  }

  async function store(user: string, token: string, seconds: number): Promise<void> {
    const key = keyOf(user);
    const text = JSON.stringify({ token, expiresAt: now() + seconds * 1000 });
    const sealed = await vault.seal(text, key);
    const ex = Math.min(Math.floor(seconds), MAX_KEPT_SECONDS);
    const put = () => redis.set(key, sealed, { ex });
    try {
      // The call is repeated once, because the new token is stored nowhere else.
      await put().catch(put);
    } catch (error) {
      onFailure("storing a new token", error);
      throw error;
    }
  }

  /**
   * Gets a new token from Instagram, and stores it before any request uses it. Returns undefined when
   * Instagram gives none: for a token younger than a day, for an expired one, and when its call fails.
   *
   * @throws {StoreError} when the new token cannot be stored; the old one is kept then
   */
  async function refresh(user: string, token: string): Promise<UsableToken | undefined> {
    const next = await instagram.refresh(token).catch((error: unknown) => {
      if (!(error instanceof InstagramError)) throw error;
      onFailure("refreshing a token", error);
    });
    if (next === undefined) return undefined;
    await store(user, next.token, next.seconds);
    return { token: next.token, refreshed: true, refreshFailed: false };
  }

  return {
    refresh,
    /**
     * Returns a token that is valid for ten days or more, or the best one that the user has. A token
     * that cannot be refreshed is used until it expires.
     *
     * @throws {ProblemError} 409 when the user has no token
     * @throws {StoreError} when the token cannot be read, or a new one cannot be stored
     */
    async usable(user: string): Promise<UsableToken> {
      if (initialToken === undefined) throw new ProblemError(NOT_CONNECTED);
      const kept = await read(user);
      const token = kept?.token ?? initialToken;
      if (kept && kept.expiresAt - now() > REFRESH_BEFORE_MS) {
        return { token, refreshed: false, refreshFailed: false };
      }
      return (await refresh(user, token)) ?? { token, refreshed: false, refreshFailed: true };
    },
  };
}

const NOT_CONNECTED = {
  status: 409,
  title: "Instagram is not connected",
  detail: "This account has no token. The operator must set INSTAGRAM_ACCESS_TOKEN.",
};
