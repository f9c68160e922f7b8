import * as z from "zod";
import type { Tools } from "#app/_domain/headgate";
import { ProblemError } from "#app/_domain/http/problem-error";
import type { Vault } from "headgate/secrets";
import type { Instagram } from "./client.ts";
import { InstagramError } from "./errors.ts";

export interface TokenParts extends Pick<Tools, "redis" | "keys" | "keyedHash"> {
  readonly vault: Vault;
  readonly instagram: Pick<Instagram, "refresh">;
  /** The long-lived token that a connection begins with. */
  readonly initialToken: string | undefined;
  /** Hears of a token that could not be refreshed, read or stored. */
  readonly onFailure: (what: string, error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A user's token for Instagram. */
export interface UsableToken {
  readonly token: string;
  /** Whether this call brought it from Instagram. */
  readonly refreshed: boolean;
  /** Whether Instagram was asked for a new one and gave none. */
  readonly refused: boolean;
}

const record = z.object({
  token: z.string(),
  /** Milliseconds since 1970. */
  expiresAt: z.number(),
});

const DAY_MS = 24 * 3600 * 1000;

/** A long-lived token is good for 60 days; it is refreshed when fewer than these are left. */
const REFRESH_BEFORE_MS = 10 * DAY_MS;
const MAX_KEPT_SECONDS = 60 * 24 * 3600;

/**
 * Makes the keeper of the users' tokens: encrypted in Redis, each until it ends. Whoever calls holds
 * the user's lock, so that one instance refreshes at a time.
 */
export function createTokens(parts: TokenParts) {
  const { redis, keys, keyedHash, vault, instagram, initialToken, onFailure } = parts;
  const now = parts.now ?? Date.now;
  // Another first token is another connection: else nothing would replace one that has ended, and a
  // stand-in would overwrite what a real one was refreshed to.
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
    // As after a change of HEADGATE_SECRET.
    if (opened === undefined) onFailure("opening a token", new Error("It cannot be opened."));
    return opened === undefined ? undefined : record.parse(JSON.parse(opened));
  }

  async function store(user: string, token: string, seconds: number): Promise<void> {
    const key = keyOf(user);
    const text = JSON.stringify({ token, expiresAt: now() + seconds * 1000 });
    const sealed = await vault.seal(text, key);
    const ex = Math.min(Math.floor(seconds), MAX_KEPT_SECONDS);
    const put = () => redis.set(key, sealed, { ex });
    try {
      // Once more: what Instagram has just given is nowhere else.
      await put().catch(put);
    } catch (error) {
      onFailure("storing a new token", error);
      throw error;
    }
  }

  /**
   * Asks Instagram for a new token, and stores it before anybody uses it. Undefined where Instagram
   * gives none: not for a token younger than a day, nor for one that has ended, and it may fail.
   *
   * @throws {StoreError} where it cannot be stored; then the old one still is
   */
  async function refresh(user: string, token: string): Promise<UsableToken | undefined> {
    const next = await instagram.refresh(token).catch((error: unknown) => {
      if (!(error instanceof InstagramError)) throw error;
      onFailure("refreshing a token", error);
    });
    if (next === undefined) return undefined;
    await store(user, next.token, next.seconds);
    return { token: next.token, refreshed: true, refused: false };
  }

  return {
    refresh,
    /**
     * A token that is good for ten days at least, or the best there is. One that cannot be refreshed
     * is used for as long as it is good.
     *
     * @throws {ProblemError} 409 where there is none
     * @throws {StoreError} where it cannot be read, or a new one cannot be stored
     */
    async usable(user: string): Promise<UsableToken> {
      if (initialToken === undefined) throw new ProblemError(NOT_CONNECTED);
      const kept = await read(user);
      const token = kept?.token ?? initialToken;
      if (kept && kept.expiresAt - now() > REFRESH_BEFORE_MS) {
        return { token, refreshed: false, refused: false };
      }
      return (await refresh(user, token)) ?? { token, refreshed: false, refused: true };
    },
  };
}

const NOT_CONNECTED = {
  status: 409,
  title: "Instagram is not connected",
  detail: "There is no token for this account: INSTAGRAM_ACCESS_TOKEN is the first one.",
};
