import type { Platform } from "./platform.ts";
import * as registry from "./registry.ts";

type Definition = (typeof registry)[keyof typeof registry];

/** The source of the client's address, by CLIENT_IP_FROM or by a platform's own marker. */
export type AddressSource = Exclude<ReturnType<Definition["read"]>, undefined>;

/** Every platform, in the order of their places. */
export const PLATFORMS: readonly Platform<AddressSource>[] = Object.values<Platform<AddressSource>>(
  registry,
).toSorted((a, b) => a.place - b.place);

/** Returns the platform of a source; undefined only for a source of a wrong type, from JavaScript. */
export function platformOf(source: AddressSource | undefined): Platform<AddressSource> | undefined {
  return PLATFORMS.find(({ name }) => name === source?.from);
}
