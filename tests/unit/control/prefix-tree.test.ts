import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PrefixTree } from "#lib/control/prefix-tree";
import { type Ip, networkOf, widthOf } from "#lib/core/ip";
import { isWithin, type Network } from "#lib/core/networks";

/** Few different parts, so that networks contain each other and addresses are in many of them. */
const PART_OF_4 = fc.constantFrom(0, 1, 10, 127, 128, 203, 254, 255);
const PART_OF_6 = fc.constantFrom(0, 1, 0x0db8, 0x2001, 0x7fff, 0x8000, 0xfffe, 0xffff);

const ADDRESS: fc.Arbitrary<Ip> = fc.oneof(
  fc.array(PART_OF_4, { minLength: 4, maxLength: 4 }),
  fc.array(PART_OF_6, { minLength: 8, maxLength: 8 }),
  fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
  fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }),
);

const bitsOf = (ip: Ip) => ip.length * widthOf(ip);

const NETWORK: fc.Arbitrary<Network> = ADDRESS.chain((address) =>
  fc
    .oneof(fc.nat(bitsOf(address)), fc.constantFrom(0, 1, 8, 24, bitsOf(address)))
    .map((bits) => ({ first: networkOf(address, Math.min(bits, bitsOf(address))), bits })),
).map(({ first, bits }) => ({ first, bits: Math.min(bits, bitsOf(first)) }));

describe("PrefixTree", () => {
  test("covering finds the same networks as a scan of all of them, the widest first", () => {
    const cases = fc.record({
      networks: fc.array(NETWORK, { maxLength: 40 }),
      addresses: fc.array(ADDRESS, { minLength: 1, maxLength: 10 }),
    });
    let found = 0;
    fc.assert(
      fc.property(cases, ({ networks, addresses }) => {
        const tree = new PrefixTree<number>();
        for (const [i, { first, bits }] of networks.entries()) tree.add(first, bits, i);
        // An address of each network is tried too, because random ones may be in few.
        for (const address of [...addresses, ...networks.map(({ first }) => first)]) {
          const scanned = [...networks.keys()]
            .filter((i) => isWithin(address, networks.slice(i, i + 1)))
            .toSorted((a, b) => (networks[a]?.bits ?? 0) - (networks[b]?.bits ?? 0));
          expect(tree.covering(address)).toEqual(scanned);
          found += scanned.length;
        }
      }),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(1000);
  });

  test.each<[string, Ip, number, Ip, boolean]>([
    ["/0 contains every address of IPv4", [0, 0, 0, 0], 0, [255, 255, 255, 255], true],
    ["/0 of IPv4 contains no address of IPv6", [0, 0, 0, 0], 0, [0, 0, 0, 0, 0, 0, 0, 0], false],
    ["/0 of IPv6 contains no address of IPv4", [0, 0, 0, 0, 0, 0, 0, 0], 0, [0, 0, 0, 0], false],
    ["/32 contains its address", [203, 0, 113, 7], 32, [203, 0, 113, 7], true],
    ["/32 does not contain its neighbour", [203, 0, 113, 7], 32, [203, 0, 113, 6], false],
    ["/128 contains its address", [1, 2, 3, 4, 5, 6, 7, 8], 128, [1, 2, 3, 4, 5, 6, 7, 8], true],
    [
      "/128 does not contain its neighbour",
      [1, 2, 3, 4, 5, 6, 7, 8],
      128,
      [1, 2, 3, 4, 5, 6, 7, 9],
      false,
    ],
  ])("PrefixTree: %s", (_, first, bits, address, isHeld) => {
    const tree = new PrefixTree<string>();
    tree.add(first, bits, "it");
    expect(tree.covering(address)).toEqual(isHeld ? ["it"] : []);
  });

  test("covering returns both values of a network that was added twice, in order", () => {
    const tree = new PrefixTree<string>();
    tree.add([10, 0, 0, 0], 8, "first");
    tree.add([10, 0, 0, 0], 8, "second");
    expect(tree.covering([10, 1, 2, 3])).toEqual(["first", "second"]);
  });
});
