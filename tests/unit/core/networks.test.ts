import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { canonicalAddress, parseAddress } from "#lib/core/canonical-address";
import { isWithin, readNetwork } from "#lib/core/networks";

const within = (address: string, ...networks: readonly string[]) =>
  isWithin(
    parseAddress(address),
    networks.flatMap((text) => readNetwork(text) ?? []),
  );

describe("a network", () => {
  test.each([
    ["10.0.0.0/8", "10.255.255.255", "11.0.0.0"],
    ["10.0.0.0/8", "::ffff:10.1.2.3", "9.255.255.255"],
    ["192.0.2.128/25", "192.0.2.128", "192.0.2.127"],
    ["192.0.2.7", "192.0.2.7", "192.0.2.8"],
    ["192.0.2.7/32", "[::ffff:c000:207]:80", "192.0.2.6"],
    ["::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"],
    ["fd00::/8", "fdff::1", "fe00::1"],
    ["fc00::/7", "fdff:ffff::", "fe00::"],
    ["2001:db8:8000::/33", "2001:db8:ffff::", "2001:db8:7fff::"],
    ["::1", "::1", "::2"],
    ["FD00::/8", "fd00::1%eth0", "10.0.0.1"],
  ])("the network %s contains %s and not %s", (network, inside, outside) => {
    expect([within(inside, network), within(outside, network)]).toEqual([true, false]);
  });

  test.each([
    "",
    "x",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/08x",
    "10.0.0.0/",
    "10.0.0.1/8",
    "10/8",
    "0x0a.0.0.0/8",
    "10.0.0.0/255.0.0.0",
    "fd00::/129",
    "fd00::1/8",
    "::ffff:10.0.0.0/8",
    "[fd00::]/8",
    "10.0.0.0:80/8",
    "fe80::%eth0/64",
  ])("readNetwork rejects %j", (text) => {
    expect(readNetwork(text)).toBeUndefined();
  });

  test("a network contains the same addresses as in ipaddr.js", () => {
    const near = fc.tuple(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }));
    const near6 = fc.tuple(fc.ipV6(), fc.ipV6(), fc.integer({ min: 0, max: 128 }));
    fc.assert(
      fc.property(fc.oneof(near, near6), ([a, b, bits]) => {
        fc.pre(ipaddr.isValid(a) && ipaddr.isValid(b));
        const [first, other] = [ipaddr.process(a), ipaddr.process(b)];
        fc.pre(bits <= 8 * first.toByteArray().length && parseAddress(a) !== undefined);
        const kind = first instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6;
        const network = kind.networkAddressFromCIDR(`${first.toString()}/${bits}`);
        const text = `${network.toString()}/${bits}`;
        for (const one of [first, other]) {
          const isHeld =
            one.kind() === network.kind() &&
            ipaddr.subnetMatch(one, { in: [network, bits] }) === "in";
          expect([text, one.toString(), within(one.toString(), text)]).toEqual([
            text,
            one.toString(),
            isHeld,
          ]);
        }
      }),
    );
  });
});

test("an address has the same form as in ipaddr.js, so that no client's key changes", () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const address = new ipaddr.IPv6(groups);
      fc.pre(!address.isIPv4MappedAddress());
      const text = groups.map((one) => one.toString(16)).join(":");
      expect(canonicalAddress(text, 128)).toBe(`${address.toString()}/128`);
      expect(canonicalAddress(address.toString(), 128)).toBe(`${address.toString()}/128`);
    }),
    { numRuns: 2000 },
  );
});
