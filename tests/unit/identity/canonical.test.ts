import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalAddress } from "#lib/identity/canonical";

describe("the form that is counted", () => {
  test.each([
    ["203.0.113.9", "203.0.113.9"],
    [" 203.0.113.9 ", "203.0.113.9"],
    ["\t203.0.113.9\r\n", "203.0.113.9"],
    ["203.0.113.9:4711", "203.0.113.9"],
    ["[203.0.113.9]:80", "203.0.113.9"],
    ["0.0.0.0", "0.0.0.0"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::ffff", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::1]", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["fe80::1%25eth0", "fe80:0:0:0::/64"],
    ["[fe80::1%eth0]:80", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    // Only what is mapped is IPv4: not what was once compatible, translated, or just looks like it.
    ["2001:db8::1.2.3.4", "2001:db8:0:0::/64"],
    ["::1.2.3.4", "0:0:0:0::/64"],
    ["0:0:0:0:0:0:1.2.3.4", "0:0:0:0::/64"],
    ["::ffff:0:1.2.3.4", "0:0:0:0::/64"],
    ["64:ff9b::1.2.3.4", "64:ff9b:0:0::/64"],
    ["2002:cb00:7109::1", "2002:cb00:7109:0::/64"],
  ])("%j counts as %s", (given, counted) => {
    expect(canonicalAddress(given)).toBe(counted);
  });

  test.each([
    "::ffff:203.0.113.9",
    "::FFFF:203.0.113.9",
    "::ffff:cb00:7109",
    "::FFFF:CB00:7109",
    "0:0:0:0:0:ffff:203.0.113.9",
    "0:0:0:0:0:ffff:cb00:7109",
    "0000:0000:0000:0000:0000:ffff:cb00:7109",
    "::0:ffff:203.0.113.9",
    "0::ffff:203.0.113.9",
    "[::ffff:203.0.113.9]",
    "[::ffff:203.0.113.9]:8080",
    "::ffff:203.0.113.9%eth0",
    " ::ffff:cb00:7109 ",
  ])("%j is 203.0.113.9", (given) => {
    expect(canonicalAddress(given)).toBe("203.0.113.9");
  });

  test.each([
    undefined,
    "",
    " ",
    "unknown",
    "_hidden",
    "localhost",
    "0x7f.1",
    "2130706433",
    "0177.0.0.1",
    "01.2.3.4",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.4/24",
    "1.2.3.4:",
    "1.2.3.4:123456",
    "1.2.3.4%eth0",
    "-1.2.3.4",
    "1.2.3.4\0",
    "1.2.3.4, 5.6.7.8",
    "\uff11.2.3.4",
    "\u0661.2.3.4",
    "a".repeat(5000),
    "1".repeat(1_000_000),
    " ".repeat(1_000_000),
    ":".repeat(40),
    "::ffff:1.2.3.4.5",
    "::ffff:010.0.0.1",
    "::ffff:1.2.3.256",
    "::ffff:0x7f.1",
    "::ffff:1.2.3",
    "1::2::3",
    "12345::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    ":::1",
    "[::1",
    "::1]",
    "[[::1]]",
    "[]",
    "[::1]x",
    "fe80::1%",
    "http://[::1]/",
  ])("%.40j is no address", (given) => {
    expect(canonicalAddress(given)).toBe("unknown");
  });
});

describe("an IPv6 network", () => {
  const address = "2001:db8:1234:5678:9abc:def0:1234:5678";

  test.each([
    [48, "2001:db8:1234::/48"],
    [52, "2001:db8:1234:5000::/52"],
    [56, "2001:db8:1234:5600::/56"],
    [60, "2001:db8:1234:5670::/60"],
    [64, "2001:db8:1234:5678::/64"],
    [65, "2001:db8:1234:5678:8000::/65"],
    [127, "2001:db8:1234:5678:9abc:def0:1234:5678/127"],
    [128, "2001:db8:1234:5678:9abc:def0:1234:5678/128"],
  ])("of %i bits is %s", (prefix, network) => {
    expect(canonicalAddress(address, prefix)).toBe(network);
    expect(canonicalAddress("::ffff:203.0.113.9", prefix)).toBe("203.0.113.9");
  });

  test("is the same for two addresses where their first bits are, and only there", () => {
    const bits = (text: string) =>
      text
        .split(":")
        .map((part) => Number.parseInt(part, 16).toString(2).padStart(16, "0"))
        .join("");
    const part = fc.constantFrom("0", "1", "8000", "ffff", "c000", "ff");
    // Begins with 2: none of these is a mapped address.
    const full = fc
      .array(part, { minLength: 7, maxLength: 7 })
      .map((parts) => ["2001", ...parts].join(":"));
    fc.assert(
      fc.property(full, full, fc.integer({ min: 48, max: 128 }), (one, other, prefix) => {
        const isSame = bits(one).slice(0, prefix) === bits(other).slice(0, prefix);
        expect(canonicalAddress(one, prefix) === canonicalAddress(other, prefix)).toBe(isSame);
      }),
    );
  });
});

describe("the parser", () => {
  test("takes every spelling of an address for the same", () => {
    const spelled = fc.tuple(
      fc.constantFrom("", "::ffff:", "::FFFF:", "0:0:0:0:0:ffff:"),
      fc.constantFrom<[string, string]>(["", ""], [" ", "\t"]),
    );
    fc.assert(
      fc.property(fc.ipV4(), spelled, (ip, [prefix, [before, after]]) => {
        expect(canonicalAddress(before + prefix + ip + after)).toBe(canonicalAddress(ip));
        expect(canonicalAddress(`[${prefix}${ip}]:443`)).toBe(canonicalAddress(ip));
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), (ip) => {
        const counted = canonicalAddress(ip);
        expect(counted).not.toBe("unknown");
        expect(canonicalAddress(ip.toUpperCase())).toBe(counted);
        expect(canonicalAddress(`[${ip}]:443`)).toBe(counted);
        expect(canonicalAddress(`${ip}%eth0`)).toBe(counted);
      }),
    );
  });

  test("answers a bounded text whatever it is given, and never throws", () => {
    const piece = fc.constantFrom(
      "1",
      "ffff",
      ":",
      "::",
      ".",
      "%",
      "[",
      "]",
      " ",
      "255",
      "\0",
      "é",
    );
    const text = fc.oneof(
      fc.string({ maxLength: 200, unit: "binary" }),
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 48, max: 128 }), (given, prefix) => {
        expect(canonicalAddress(given, prefix)).toMatch(/^(?:unknown|[\d.]+|[0-9a-f:]+\/\d+)$/);
      }),
      { numRuns: 2000 },
    );
  });
});
