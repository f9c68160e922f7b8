import fc from "fast-check";
import { BlockList, isIP, isIPv6 } from "node:net";
import { describe, expect, test } from "vitest";
import { canonicalAddress } from "#lib/core/canonical-address";

/** Every byte that a header can have, and the characters of addresses. */
const anyText = fc.oneof(
  fc.string({ maxLength: 120, unit: "binary" }),
  fc.string({
    maxLength: 60,
    unit: fc.constantFrom(...Array.from("0123456789abcdefABCDEFx:.%[] \t,/-:::...")),
  }),
);

const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 });

/** One of the ways in which an IPv6 address can be written (RFC 4291, 2.2). */
const spelled = fc
  .record({ groups, padded: fc.boolean(), upper: fc.boolean(), dotted: fc.boolean() })
  .map(({ groups, padded, upper, dotted }) => {
    const hex = groups.map((group) => group.toString(16).padStart(padded ? 4 : 1, "0"));
    const [a = 0, b = 0] = groups.slice(-2);
    const tail = [a >> 8, a & 255, b >> 8, b & 255].join(".");
    const text = (dotted ? [...hex.slice(0, 6), tail] : hex).join(":");
    return {
      plain: groups.map((g) => g.toString(16)).join(":"),
      text: upper ? text.toUpperCase() : text,
    };
  });

describe("an IPv4 address", () => {
  test.each([
    ["203.0.113.9", "203.0.113.9"],
    [" \t203.0.113.9 ", "203.0.113.9"],
    ["203.0.113.9:4711", "203.0.113.9"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["::FFFF:cb00:7109", "203.0.113.9"],
    ["::ffff:0102:0304", "1.2.3.4"],
    ["0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4"],
    ["0000:0000:0000:0000:0000:FFFF:0102:0304", "1.2.3.4"],
    ["0::ffff:1.2.3.4", "1.2.3.4"],
    ["[::ffff:1.2.3.4]", "1.2.3.4"],
    ["[::ffff:1.2.3.4]:80", "1.2.3.4"],
    ["::ffff:1.2.3.4%eth0", "1.2.3.4"],
  ])("the address %j is counted as %s", (given, counted) => {
    expect(canonicalAddress(given)).toBe(counted);
    expect(canonicalAddress(given, 128)).toBe(counted);
  });

  test("an IPv4 address is one client in each of its IPv4-mapped spellings", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.boolean(), (ip, upper) => {
        const [a = 0, b = 0, c = 0, d = 0] = ip.split(".").map(Number);
        const pair = (high: number, low: number) => (high * 256 + low).toString(16);
        const hex = `${pair(a, b)}:${pair(c, d)}`;
        const mapped = [
          `::ffff:${ip}`,
          `::ffff:${hex}`,
          `0:0:0:0:0:ffff:${ip}`,
          `0::0:ffff:${hex}`,
        ];
        for (const text of mapped) {
          const spelling = upper ? text.toUpperCase() : text;
          for (const each of [spelling, `[${spelling}]`, `[${spelling}]:443`, ` ${spelling}%1`]) {
            expect(canonicalAddress(each)).toBe(ip);
          }
        }
      }),
    );
  });
});

describe("an IPv6 address", () => {
  test.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::ffff", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::1]", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80::/64"],
    ["fe80::1%en-0.100", "fe80::/64"],
    ["[fe80::1%25eth0]:80", "fe80::/64"],
    ["::1", "::/64"],
    ["::", "::/64"],
  ])("the address %j is counted as %s", (given, counted) => {
    expect(canonicalAddress(given)).toBe(counted);
  });

  test.each([
    ["2001:db8::1.2.3.4", "2001:db8::102:304/128"],
    ["::1.2.3.4", "::102:304/128"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304/128"],
    ["::ffff:0:1.2.3.4", "::ffff:0:102:304/128"],
    ["2002:102:304::", "2002:102:304::/128"],
  ])("%s is not counted as the IPv4 address that it contains", (given, counted) => {
    expect(canonicalAddress(given, 128)).toBe(counted);
    expect(canonicalAddress(given)).not.toBe("1.2.3.4");
  });

  test.each([
    [48, "2001:db8:abcd::/48"],
    [56, "2001:db8:abcd:ef00::/56"],
    [60, "2001:db8:abcd:efe0::/60"],
    [63, "2001:db8:abcd:efee::/63"],
    [64, "2001:db8:abcd:efef::/64"],
    [65, "2001:db8:abcd:efef:8000::/65"],
    [128, "2001:db8:abcd:efef:ffff:1:2:3/128"],
  ])(
    "an IPv6 address is counted by its first %i bits when the option says so",
    (prefix, counted) => {
      expect(canonicalAddress("2001:db8:abcd:efef:ffff:1:2:3", prefix)).toBe(counted);
    },
  );

  test("IPv6 with a port but without brackets is read as an address without a port, or as unknown", () => {
    expect(canonicalAddress("2001:db8::1:443")).toBe("2001:db8::/64");
    expect(canonicalAddress("2001:db8:1:2:3:4:5:6:443")).toBe("unknown");
  });

  test("an IPv6 address is one client in all its spellings, together with its network only", () => {
    const prefix = fc.integer({ min: 48, max: 128 });
    fc.assert(
      fc.property(spelled, groups, prefix, ({ plain, text }, other, prefix) => {
        const counted = canonicalAddress(plain, prefix);
        expect(canonicalAddress(text, prefix)).toBe(counted);
        if (isIP(counted) === 4) return;
        const network = new BlockList();
        network.addSubnet(plain, prefix, "ipv6");
        // The two addresses have the same groups up to `same`, and other groups after it.
        for (let same = 0; same <= 8; same += 1) {
          const near = [
            ...plain.split(":").slice(0, same),
            ...other.slice(same).map((g) => g.toString(16)),
          ];
          const neighbour = near.join(":");
          expect(canonicalAddress(neighbour, prefix) === counted).toBe(
            network.check(neighbour, "ipv6"),
          );
        }
      }),
    );
  });
});

describe("a text that is no address", () => {
  test.each([
    undefined,
    "",
    " ",
    ",",
    "unknown",
    "_hidden",
    "localhost",
    "1.2.3",
    "1.2.3.",
    "1.2.3.256",
    "1.2.3.4.5",
    "1.2.3.4, 5.6.7.8",
    "1.2.3.4/24",
    "1.2.3.4%eth0",
    "1.2.3.4:",
    "1.2.3.4:port",
    "1.2.3.4:123456",
    "-1.2.3.4",
    "1 .2.3.4",
    "0x7f.1",
    "0x7f.0.0.1",
    "2130706433",
    "0177.0.0.1",
    "01.2.3.4",
    "1.2.3.08",
    "[1.2.3.4]",
    "[1.2.3.4]:80",
    "[::1",
    "::1]",
    "[[::1]]",
    "[::1]:",
    "[::1]x",
    "[]",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8:",
    ":1:2:3:4:5:6:7:8",
    "12345::1",
    "::g",
    "fe80::1%",
    "%eth0",
    "2001:db8::/32",
    "::ffff:1.2.3",
    "::ffff:1.2.3.4.5",
    "::ffff:1.2.3.256",
    "::ffff:01.2.3.4",
    "::ffff:0x1.2.3.4",
    "1.2.3.4::",
    "1.2.3.4:5::",
    "\u{ff11}.2.3.4",
    "\u{661}.2.3.4",
    "1\u{3002}2\u{3002}3\u{3002}4",
    "\u{a0}1.2.3.4",
    "1.2.3.4\0",
    "1.2.3.4\n",
    "\u{1f600}",
    `${" ".repeat(200)}1.2.3.4`,
    "a".repeat(1_000_000),
    "1.".repeat(500_000),
    ":".repeat(1_000_000),
  ])("the text %j is counted as unknown", (given) => {
    expect(canonicalAddress(given)).toBe("unknown");
  });

  test("a bare text is unknown exactly when the platform's parser rejects it", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), (text) => {
        const bare = text.replace(/^[ \t]+|[ \t]+$/g, "");
        // The platform's parser knows no ports, brackets and zones, so only bare addresses are compared.
        fc.pre(!/[[\]%]|\.\d+:\d+$/.test(bare));
        expect(canonicalAddress(text) !== "unknown").toBe(isIP(bare) !== 0);
      }),
      { numRuns: 2000 },
    );
  });

  test("every header value is counted as one text of bounded length", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 48, max: 128 }), (text, prefix) => {
        const counted = canonicalAddress(text, prefix);
        const [address = "", bits] = counted.split("/");
        const isCanonical = bits === undefined ? isIP(address) === 4 : isIPv6(address);
        expect(counted === "unknown" || isCanonical).toBe(true);
        // The canonical form is a fixed point, so no address is counted under two names.
        expect(canonicalAddress(address, prefix)).toBe(counted);
      }),
      { numRuns: 2000 },
    );
  });
});
