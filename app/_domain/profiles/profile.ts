import * as z from "zod";
import { createRecords, type Fields, type Records, type RecordTools } from "#app/_domain/records";

/** The fields that an artist publishes. */
export const profile = z.strictObject({
  displayName: z.string().trim().min(1).max(80),
  bio: z.string().trim().max(500),
  city: z.string().trim().min(1).max(80),
  styles: z.array(z.string().trim().min(1).max(40)).max(10),
  /** The Instagram handle, without the @. */
  instagramHandle: z.string().regex(/^[A-Za-z0-9._]{1,30}$/, "1 to 30 letters, digits, . and _"),
});

export type Profile = z.infer<typeof profile>;

/** A change of a profile: one field or more. */
export const profileChange = profile
  .partial()
  .refine((change) => Object.keys(change).length > 0, "At least one field is required.");

/** How long a profile is kept after its last change, in seconds: 90 days. */
const KEPT_SECONDS = 90 * 24 * 3600;

/** Returns the profiles, by user. */
export function profiles(tools: RecordTools): Records<Profile> {
  return createRecords(tools, "profile", profile, KEPT_SECONDS);
}

/** Changes a user's profile, and returns all its fields. */
export async function updateProfile(
  tools: RecordTools,
  user: string,
  change: Fields<Profile>,
): Promise<Fields<Profile>> {
  const records = profiles(tools);
  await records.merge(user, change);
  return (await records.read(user)) ?? {};
}
