import * as z from "zod";
import type { Tools } from "#app/_domain/headgate";
import { searchArtists } from "./artists.ts";
import { words } from "./words.ts";

/** An artist that a visitor misses in the list. */
export const recommendation = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .refine((name) => words(name).length > 0, "A name must have letters or digits."),
  city: z.string().trim().min(1).max(80).optional(),
  instagramHandle: z
    .string()
    .regex(/^[A-Za-z0-9._]{1,30}$/, "1 to 30 letters, digits, . and _")
    .optional(),
  reason: z.string().trim().max(500).optional(),
});

export type Recommendation = z.infer<typeof recommendation>;

/** The response: whether the recommendation was new. */
export type Recommended =
  | { readonly recommended: true }
  | { readonly recommended: false; readonly reason: "known" | "duplicate" };

/** How long a recommendation is kept, in seconds: 30 days. */
const KEPT_SECONDS = 30 * 24 * 3600;

/** Stores a recommendation, unless the artist is listed or was recommended already. */
export async function recommend(
  { redis, keys, keyedHash }: Pick<Tools, "redis" | "keys" | "keyedHash">,
  given: Recommendation,
): Promise<Recommended> {
  const name = words(given.name).join(" ");
  const isListed = searchArtists(given.name).some((it) => words(it.name).join(" ") === name);
  if (isListed) return { recommended: false, reason: "known" };
  const key = keys.app("recommendation", keyedHash("recommendation", name));
  const kept = await redis.set(key, given, { nx: true, ex: KEPT_SECONDS });
  return kept === "OK" ? { recommended: true } : { recommended: false, reason: "duplicate" };
}
