import { choiceOf } from "#lib/core/choice";
import { HeadgateError } from "#lib/core/errors";
import { type AddressSource, PLATFORMS } from "./platforms/all.ts";
import type { AddressEnvironment } from "./platforms/platform.ts";

export type { AddressSource } from "./platforms/all.ts";

/** The forms of CLIENT_IP_FROM. */
export const ADDRESS_FORMS: readonly string[] = PLATFORMS.map(({ form }) => form);

/**
 * Returns the source of addresses: by CLIENT_IP_FROM, or else by the platform's own marker.
 *
 * @throws {HeadgateError} CLIENT_ADDRESS_UNKNOWN when production has neither, or when the value of
 * CLIENT_IP_FROM cannot work: counting by an address that every client can write is no limit. ENV_INVALID for
 * an invalid network or header
 */
export function addressSource(environment: AddressEnvironment): AddressSource | undefined {
  const { clientIpFrom: wanted, production } = environment;
  for (const platform of PLATFORMS) {
    const found = wanted ? platform.read(wanted, environment) : platform.detect?.(environment);
    if (found) return found;
  }
  if (!wanted && !production) return undefined;
  throw new HeadgateError("CLIENT_ADDRESS_UNKNOWN", `${problemOf(wanted)}.`);
}

function problemOf(wanted: string | undefined): string {
  const toSet = PLATFORMS.filter(({ givenBy }) => !givenBy);
  const howToSay = `set CLIENT_IP_FROM to ${formsOf(toSet)}, or start the app by \`headgate start\`; headgate/docs/guides/client-address.md`;
  if (!wanted) return `Nothing says where the client's address comes from: ${howToSay}`;
  const giver = PLATFORMS.find(({ name }) => name === wanted)?.givenBy;
  return giver
    ? `CLIENT_IP_FROM is "${wanted}", which only ${giver} can give: ${howToSay}`
    : `CLIENT_IP_FROM must be ${formsOf(PLATFORMS)}, but is ${JSON.stringify(wanted)}`;
}

function formsOf(platforms: typeof PLATFORMS): string {
  return choiceOf(platforms.map(({ form, note }) => (note ? `${form} (${note})` : form)));
}
