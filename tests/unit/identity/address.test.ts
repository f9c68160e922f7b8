import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressSource,
  type AddressSource,
  canonicalAddress,
  clientAddress,
  SOCKET_HEADER,
} from "#lib/identity/address";

const nowhere = { onVercel: false, onCloudflare: false, production: true };

describe("the form that is counted", () => {
  test.each([
    ["203.0.113.9", "203.0.113.9"],
    [" 203.0.113.9 ", "203.0.113.9"],
    ["203.0.113.9:4711", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["::FFFF:cb00:7109", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::ffff", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
  ])("%s counts as %s", (given, counted) => {
    expect(canonicalAddress(given)).toBe(counted);
  });

  test.each([
    undefined,
    "",
    "unknown",
    "localhost",
    "0x7f.1",
    "2130706433",
    "0177.0.0.1",
    "1.2.3",
    "1.2.3.256",
    "a".repeat(5000),
    "::ffff:1.2.3.4.5",
  ])("%s is no address", (given) => {
    expect(canonicalAddress(given)).toBe("unknown");
  });

  test("all spellings of one address count as one", () => {
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        expect(canonicalAddress(`::ffff:${ip}`)).toBe(canonicalAddress(ip));
      }),
    );
  });

  test("whatever a header holds, one bounded text comes of it", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: "binary" }), (text) => {
        expect(canonicalAddress(text).length).toBeLessThan(50);
      }),
    );
  });
});

describe("where the address comes from", () => {
  const headers = new Headers({
    "x-forwarded-for": "198.51.100.1, 198.51.100.2, 198.51.100.3",
    "x-vercel-forwarded-for": "198.51.100.4",
    "x-real-ip": "198.51.100.5",
    "cf-connecting-ip": "198.51.100.6",
    [SOCKET_HEADER]: "nonce 198.51.100.7",
  });

  test.each<[AddressSource, string]>([
    [{ from: "hops", hops: 1 }, "198.51.100.3"],
    [{ from: "hops", hops: 3 }, "198.51.100.1"],
    [{ from: "hops", hops: 4 }, "unknown"],
    [{ from: "vercel" }, "198.51.100.4"],
    [{ from: "cloudflare" }, "198.51.100.6"],
    [{ from: "socket", nonce: "nonce" }, "198.51.100.7"],
    [{ from: "socket", nonce: "another" }, "unknown"],
  ])("%j reads %s", (source, address) => {
    expect(clientAddress(headers, source)).toBe(address);
  });

  test("follows the platform's own marker when nothing is set", () => {
    expect(addressSource({ ...nowhere, socketNonce: "n" })).toEqual({ from: "socket", nonce: "n" });
    expect(addressSource({ ...nowhere, onVercel: true })).toEqual({ from: "vercel" });
    expect(addressSource({ ...nowhere, onCloudflare: true })).toEqual({ from: "cloudflare" });
    expect(addressSource({ ...nowhere, production: false })).toBeUndefined();
  });

  test.each(["hops:0", "hops:", "hops:100", "xff", "socket"])(
    "refuses %s with what is allowed",
    (clientIpFrom) => {
      expect(() => addressSource({ ...nowhere, clientIpFrom })).toThrow(
        expect.objectContaining({
          code: "CLIENT_ADDRESS_UNKNOWN",
          message: expect.stringContaining("hops:n"),
        }),
      );
    },
  );

  test("refuses to guess in production", () => {
    expect(() => addressSource(nowhere)).toThrow(
      expect.objectContaining({ code: "CLIENT_ADDRESS_UNKNOWN" }),
    );
  });
});
