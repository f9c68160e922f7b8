import type { Platform } from "./platform.ts";
import * as registry from "./registry.ts";

type Definition = (typeof registry)[keyof typeof registry];

/** Where the client's address comes from: what CLIENT_IP_FROM, or a platform's own marker, came to. */
export type AddressSource = Exclude<ReturnType<Definition["read"]>, undefined>;

/** Every platform, in its place. */
export const PLATFORMS: readonly Platform<AddressSource>[] = Object.values<Platform<AddressSource>>(
  registry,
).toSorted((a, b) => a.place - b.place);

/** Returns the platform of a source; undefined only for one that JavaScript made up. */
export function platformOf(source: AddressSource | undefined): Platform<AddressSource> | undefined {
  return PLATFORMS.find(({ name }) => name === source?.from);
}
