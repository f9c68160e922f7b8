import { networkInterfaces } from "node:os";
import { parseAddress } from "#lib/core/canonical-address";
import { isWithin, type Network } from "#lib/core/networks";

/** An address that requests of the person at this machine may have. */
export interface OwnAddress {
  readonly address: string;
  readonly what: string;
}

/** Returns the addresses of this machine, and the address from which a person is connected by SSH. */
export function ownAddresses(): readonly OwnAddress[] {
  const [client] = (process.env["SSH_CONNECTION"] ?? "").split(" ");
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return [
    ...(client ? [{ address: client, what: "the address of your SSH connection" }] : []),
    ...own.map(({ address }) => ({ address, what: "an address of this machine" })),
  ];
}

/** Returns a line for each of these addresses that is in a network. */
export function ownAddressLines(
  network: Network,
  addresses: readonly OwnAddress[] = ownAddresses(),
): readonly string[] {
  return addresses
    .filter(({ address }) => isWithin(parseAddress(address), [network]))
    .map(({ address, what }) => `${address} is ${what}: it is blocked too`);
}
