import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clientAddress } from "#lib/identity/address";
import { createDoubts } from "#lib/identity/address-doubts";
import { addressSource, type AddressSource } from "#lib/identity/address-source";
import { SOCKET_HEADER } from "#lib/identity/platforms/socket";

const nowhere = { onVercel: false, onCloudflare: false, production: true };

const addressOf = (headers: Record<string, string>, source: AddressSource | undefined) =>
  clientAddress(new Headers(headers), source);

describe("the source of the address", () => {
  const headers = {
    "x-forwarded-for": "198.51.100.1, 198.51.100.2, 198.51.100.3",
    "x-vercel-forwarded-for": "198.51.100.4",
    "x-real-ip": "198.51.100.5",
    "cf-connecting-ip": "198.51.100.6",
    [SOCKET_HEADER]: "nonce 198.51.100.7",
  };

  test.each<[AddressSource | undefined, string]>([
    [{ from: "hops", hops: 1 }, "198.51.100.3"],
    [{ from: "hops", hops: 3 }, "198.51.100.1"],
    [{ from: "hops", hops: 4 }, "unknown"],
    [{ from: "vercel" }, "198.51.100.4"],
    [{ from: "cloudflare" }, "198.51.100.6"],
    [{ from: "vercel+cloudflare" }, "198.51.100.4"],
    [{ from: "socket", nonce: "nonce" }, "198.51.100.7"],
    [{ from: "socket", nonce: "another" }, "unknown"],
    [undefined, "unknown"],
  ])("the source %j reads the address %s", (source, address) => {
    expect(addressOf(headers, source)).toBe(address);
  });

  test.each<[string, number, string]>([
    ["203.0.113.9", 1, "203.0.113.9"],
    ["203.0.113.9,198.51.100.1", 2, "203.0.113.9"],
    ["203.0.113.9 ,\t198.51.100.1", 2, "203.0.113.9"],
    ["203.0.113.9,198.51.100.1,", 1, "unknown"],
    ["203.0.113.9,,198.51.100.1", 2, "unknown"],
    [",198.51.100.1", 2, "unknown"],
    [",", 1, "unknown"],
    ["", 1, "unknown"],
    ["unknown, 198.51.100.1", 2, "unknown"],
    ["for=203.0.113.9", 1, "unknown"],
    ['"203.0.113.9"', 1, "unknown"],
    [`${"x,".repeat(500_000)}203.0.113.9`, 1, "203.0.113.9"],
    ["1".repeat(1_000_000), 1, "unknown"],
    [",".repeat(1_000_000), 99, "unknown"],
  ])("the address in X-Forwarded-For %.40s with hops:%i is %s", (list, hops, address) => {
    expect(addressOf({ "x-forwarded-for": list }, { from: "hops", hops })).toBe(address);
  });

  const proxies = addressSource({
    ...nowhere,
    clientIpFrom: "trusted:10.0.0.0/8, fd00::/8,192.0.2.7",
  });

  test.each<[string, string]>([
    ["203.0.113.9", "203.0.113.9"],
    ["203.0.113.9, 10.0.0.1", "203.0.113.9"],
    ["203.0.113.9, 10.0.0.2, fd00::1, 192.0.2.7", "203.0.113.9"],
    ["198.51.100.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"],
    ["10.9.9.9, 203.0.113.9, 10.0.0.1", "203.0.113.9"],
    ["203.0.113.9, 192.0.2.8", "192.0.2.8"],
    ["203.0.113.9:80, ::ffff:10.0.0.1, [fd00::1%eth0]:443, 10.0.0.1:81", "203.0.113.9"],
    ["2001:db8::1, ::ffff:a00:1", "2001:db8::/64"],
    ["203.0.113.9, garbage, 10.0.0.1", "unknown"],
    ["203.0.113.9, , 10.0.0.1", "unknown"],
    ["203.0.113.9, unknown, 10.0.0.1", "unknown"],
    ["203.0.113.9, 010.0.0.1, 10.0.0.1", "unknown"],
    ["203.0.113.9, 10.0.0.1,", "unknown"],
    ["10.0.0.3, 10.0.0.2, 10.0.0.1", "unknown"],
    ["", "unknown"],
    [`203.0.113.9${",10.0.0.1".repeat(50_000)}`, "unknown"],
    [`${"203.0.113.8,".repeat(50_000)}203.0.113.9,10.0.0.1`, "203.0.113.9"],
    ["1".repeat(1_000_000), "unknown"],
  ])("the address in X-Forwarded-For %.60s outside of trusted networks is %s", (list, address) => {
    expect(addressOf({ "x-forwarded-for": list }, proxies)).toBe(address);
  });

  test("the address is unknown when trusted proxies sent no X-Forwarded-For", () => {
    expect(addressOf({ "x-real-ip": "203.0.113.9" }, proxies)).toBe("unknown");
  });

  test.each<[string, string, string]>([
    ["fly-client-ip", "203.0.113.9", "203.0.113.9"],
    ["Fly-Client-IP", " 2001:db8::1 ", "2001:db8::/64"],
    ["x-azure-clientip", "203.0.113.9:4711", "203.0.113.9"],
    ["fly-client-ip", "203.0.113.9, 198.51.100.1", "unknown"],
    ["fly-client-ip", "a-client", "unknown"],
    ["fly-client-ip", "", "unknown"],
    ["cloudfront-viewer-address", "203.0.113.9:46532", "203.0.113.9"],
    ["cloudfront-viewer-address", "2001:db8:1:2:3:4:5:6:46532", "2001:db8:1:2::/64"],
    ["cloudfront-viewer-address", "2001:db8:1:2::1:4653", "2001:db8:1:2::/64"],
    ["cloudfront-viewer-address", "::1:4653", "::/64"],
  ])("the address by header:%s, which holds %j, is %s", (name, value, address) => {
    const source = addressSource({ ...nowhere, clientIpFrom: `header:${name}` });
    const others = { "x-forwarded-for": "198.51.100.9", "x-real-ip": "198.51.100.9" };
    expect(addressOf({ ...others, [name]: value }, source)).toBe(address);
    expect(addressOf(others, source)).toBe("unknown");
  });

  test.each([
    "trusted:",
    "trusted:0.0.0.0/0",
    "trusted:::/0",
    "trusted:::ffff:0:0/96",
    "trusted:0.0.0.0/1,128.0.0.0/1",
    "trusted:10.0.0.0/7",
    "trusted:2000::/3",
    "trusted:10.0.0.0/33",
    "trusted:10.0.0.1/8",
    "trusted:10.0.0.0/8,",
    "trusted:10.0.0.0/8 fd00::/8",
    "trusted:proxies",
    "header:",
    "header:x forwarded",
    "header:x-forwarded-for",
    "header:X-Forwarded-For",
    "header:forwarded",
    "header:x-headgate-socket",
    `header:${"x".repeat(65)}`,
  ])("CLIENT_IP_FROM=%s is rejected with what it must be", (clientIpFrom) => {
    expect(() => addressSource({ ...nowhere, clientIpFrom })).toThrow(
      expect.objectContaining({
        code: "ENV_INVALID",
        message: expect.stringMatching(/CLIENT_IP_FROM must be (?:trusted|header): and /),
      }),
    );
  });

  test("the error names the network that cannot be used, and why a network must not contain all clients", () => {
    const clientIpFrom = "trusted:10.0.0.0/8,0.0.0.0/0";
    expect(() => addressSource({ ...nowhere, clientIpFrom })).toThrow(
      /clients in it could name any address\. Network 2 cannot be used\./,
    );
  });

  test("the address is the nth entry from the right, whatever the entries to the left of it are", () => {
    const entry = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom("", " ", "unknown", "x"));
    const entries = fc.array(entry, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 8 }), (list, hops) => {
        const expected = addressOf(
          { "x-forwarded-for": list.at(-hops) ?? "" },
          { from: "hops", hops: 1 },
        );
        expect(addressOf({ "x-forwarded-for": list.join(", ") }, { from: "hops", hops })).toBe(
          expected,
        );
      }),
    );
  });

  test("the platform's own marker decides when CLIENT_IP_FROM is not set", () => {
    expect(addressSource({ ...nowhere, socketNonce: "n" })).toEqual({ from: "socket", nonce: "n" });
    expect(addressSource({ ...nowhere, onVercel: true })).toEqual({ from: "vercel" });
    expect(addressSource({ ...nowhere, onCloudflare: true })).toEqual({ from: "cloudflare" });
    expect(addressSource({ ...nowhere, production: false })).toBeUndefined();
  });

  test.each(["hops:0", "hops:", "hops:100", "hops:1.5", "xff", "socket", "cloudflare+vercel"])(
    "CLIENT_IP_FROM=%s is rejected with the allowed forms",
    (clientIpFrom) => {
      expect(() => addressSource({ ...nowhere, clientIpFrom })).toThrow(
        expect.objectContaining({
          code: "CLIENT_ADDRESS_UNKNOWN",
          message: expect.stringContaining("vercel+cloudflare"),
        }),
      );
    },
  );

  test("production without a source is rejected with the allowed forms", () => {
    expect(() => addressSource(nowhere)).toThrow(
      expect.objectContaining({
        code: "CLIENT_ADDRESS_UNKNOWN",
        message: expect.stringContaining("hops:n"),
      }),
    );
  });
});

describe("Cloudflare in front of Vercel", () => {
  const source = { from: "vercel+cloudflare" } as const;
  const by = (reported: string, claimed = "203.0.113.9") =>
    addressOf({ "x-vercel-forwarded-for": reported, "cf-connecting-ip": claimed }, source);

  test.each([
    "173.245.48.1",
    "104.16.0.0",
    "104.27.255.255",
    "172.71.255.255",
    "131.0.75.255",
    "2400:cb00::1",
    "2a06:98c7:ffff::1",
    "2606:4700:ffff:ffff:ffff:ffff:ffff:ffff",
    "::ffff:162.159.255.255",
    "[2606:4700::1]:443",
  ])("CF-Connecting-IP is counted when Vercel reports %s, which is Cloudflare's", (reported) => {
    expect(by(reported)).toBe("203.0.113.9");
  });

  test.each([
    ["173.245.64.0", "173.245.64.0"],
    ["104.15.255.255", "104.15.255.255"],
    ["104.28.0.0", "104.28.0.0"],
    ["198.51.100.1", "198.51.100.1"],
    ["2606:4701::1", "2606:4701::/64"],
    ["2a06:98c8::1", "2a06:98c8::/64"],
    ["", "unknown"],
    ["x", "unknown"],
  ])("the client at %s is counted itself, which bypassed Cloudflare", (reported, counted) => {
    expect(by(reported)).toBe(counted);
  });

  test("Cloudflare's own address is counted when CF-Connecting-IP is missing", () => {
    expect(addressOf({ "x-vercel-forwarded-for": "104.16.0.1" }, source)).toBe("104.16.0.1");
    expect(by("104.16.0.1", "nonsense")).toBe("unknown");
  });
});

describe("doubts about the source of addresses", () => {
  const codes = (
    source: AddressSource | undefined,
    ...requests: readonly Record<string, string>[]
  ) => {
    const doubts = createDoubts(source);
    return requests.map((headers) => {
      const given = new Headers(headers);
      return doubts(given, clientAddress(given, source))?.code.replace(
        "CLIENT_ADDRESS_HEADER_",
        "",
      );
    });
  };
  const cf = { "cf-connecting-ip": "203.0.113.1" };
  const vercel = { "x-vercel-forwarded-for": "203.0.113.2" };
  const forwarded = { "x-forwarded-for": "203.0.113.3" };
  const edge = { "x-forwarded-for": "2606:4700::6810:1" };
  const vercelEdge = { "x-vercel-forwarded-for": "104.16.0.1" };

  test.each<[string, AddressSource | undefined, Record<string, string>, string | undefined]>([
    ["hops without the header", { from: "hops", hops: 1 }, {}, "ABSENT"],
    ["more hops than addresses", { from: "hops", hops: 2 }, forwarded, "ABSENT"],
    ["vercel elsewhere", { from: "vercel" }, forwarded, "ABSENT"],
    ["cloudflare elsewhere", { from: "cloudflare" }, forwarded, "ABSENT"],
    ["both elsewhere", { from: "vercel+cloudflare" }, forwarded, "ABSENT"],
    ["past our server", { from: "socket", nonce: "n" }, forwarded, "ABSENT"],
    [
      "a hop too few, for Cloudflare",
      { from: "hops", hops: 1 },
      { ...edge, ...cf },
      "UNCONFIGURED",
    ],
    ["a made-up header", { from: "hops", hops: 1 }, { ...forwarded, ...cf }, undefined],
    ["hops on Vercel", { from: "hops", hops: 1 }, { ...forwarded, ...vercel }, "UNCONFIGURED"],
    ["vercel behind Cloudflare", { from: "vercel" }, { ...vercelEdge, ...cf }, "UNCONFIGURED"],
    ["vercel and a made-up header", { from: "vercel" }, { ...vercel, ...cf }, undefined],
    ["cloudflare before Vercel", { from: "cloudflare" }, { ...vercel, ...cf }, "UNCONFIGURED"],
    ["nothing on Cloudflare", undefined, cf, "UNCONFIGURED"],
    ["nothing on Vercel", undefined, vercel, "UNCONFIGURED"],
    ["one hop", { from: "hops", hops: 1 }, forwarded, undefined],
    [
      "two hops, one Cloudflare's",
      { from: "hops", hops: 2 },
      {
        "x-forwarded-for": "203.0.113.3, 104.16.0.1",
        ...cf,
      },
      undefined,
    ],
    ["vercel", { from: "vercel" }, { ...vercel, ...forwarded }, undefined],
    ["cloudflare", { from: "cloudflare" }, { ...cf, ...forwarded }, undefined],
    ["both", { from: "vercel+cloudflare" }, { ...vercel, ...cf }, undefined],
    ["plain next dev", undefined, forwarded, undefined],
  ])("createDoubts judges the case: %s", (_, source, headers, code) => {
    expect(codes(source, headers)).toEqual([code]);
  });

  const hop: AddressSource = { from: "hops", hops: 1 };
  const counted = { "x-forwarded-for": "203.0.113.3" };

  test.each<[string, AddressSource | undefined, Record<string, string>, string | undefined]>([
    ["more addresses than hops", hop, { "x-forwarded-for": "1.2.3.4, 203.0.113.3" }, "MORE_HOPS"],
    [
      "three addresses and two hops",
      { from: "hops", hops: 2 },
      { "x-forwarded-for": "x,1.2.3.4,203.0.113.3" },
      "MORE_HOPS",
    ],
    [
      "as many addresses as hops",
      { from: "hops", hops: 2 },
      { "x-forwarded-for": "1.2.3.4,203.0.113.3" },
      undefined,
    ],
    ["nginx's own X-Real-IP", hop, { ...counted, "x-real-ip": "203.0.113.3" }, undefined],
    ["another X-Real-IP", hop, { ...counted, "x-real-ip": "203.0.113.4" }, "UNCONFIGURED"],
    [
      "Forwarded of the same client",
      hop,
      { ...counted, forwarded: 'for="203.0.113.3:80"' },
      undefined,
    ],
    ["Forwarded of another", hop, { ...counted, forwarded: "for=203.0.113.4" }, "UNCONFIGURED"],
    [
      "the same IPv6 network",
      hop,
      { "x-forwarded-for": "2001:db8:1:2::3", "x-real-ip": "2001:DB8:1:2::4" },
      undefined,
    ],
    ...[
      "cloudfront-viewer-address",
      "fly-client-ip",
      "true-client-ip",
      "x-azure-clientip",
      "fastly-client-ip",
      "x-client-ip",
      "do-connecting-ip",
      "x-nf-client-connection-ip",
    ].flatMap(
      (name): [string, AddressSource | undefined, Record<string, string>, string | undefined][] => [
        [`${name} under hops`, hop, { ...counted, [name]: "203.0.113.4" }, "UNCONFIGURED"],
        [
          `${name} under vercel`,
          { from: "vercel" },
          { ...vercel, [name]: "203.0.113.4" },
          "UNCONFIGURED",
        ],
        [`${name} of nothing`, undefined, { [name]: "203.0.113.4" }, "UNCONFIGURED"],
        [
          `${name} that is read`,
          { from: "header", header: name },
          { [name]: "203.0.113.4" },
          undefined,
        ],
        [
          `${name} that is read and garbage`,
          { from: "header", header: name },
          { [name]: "x" },
          "ABSENT",
        ],
      ],
    ),
    ["no address outside of trusted networks", { from: "trusted", networks: [] }, {}, "ABSENT"],
    [
      "Cloudflare outside of trusted networks",
      { from: "trusted", networks: [] },
      { ...edge, ...cf },
      "UNCONFIGURED",
    ],
    [
      "behind our own server",
      { from: "socket", nonce: "n" },
      { [SOCKET_HEADER]: "n 203.0.113.1", "fly-client-ip": "203.0.113.4" },
      undefined,
    ],
  ])("createDoubts judges the case with other headers: %s", (_, source, headers, code) => {
    expect(codes(source, headers).map((one) => one?.replace("CLIENT_ADDRESS_", ""))).toEqual([
      code,
    ]);
  });

  test("each header is reported once, and after each cause was reported there are no more doubts", () => {
    const request = {
      "x-forwarded-for": "203.0.113.4, 203.0.113.3",
      "fly-client-ip": "203.0.113.4",
      "x-real-ip": "203.0.113.5",
    };
    const doubts = createDoubts(hop);
    const given = new Headers(request);
    const found = Array.from({ length: 500 }, () => doubts(given, "203.0.113.3")).filter(Boolean);
    expect(found.map((doubt) => [doubt?.code, doubt?.level])).toEqual([
      ["CLIENT_ADDRESS_HEADER_UNCONFIGURED", "info"],
      ["CLIENT_ADDRESS_HEADER_UNCONFIGURED", "info"],
      ["CLIENT_ADDRESS_MORE_HOPS", "info"],
    ]);
    const words = found.map((doubt) => doubt?.message).join("\n");
    expect(words).toMatch(
      /fly-client-ip.*If your proxy wrote it, set CLIENT_IP_FROM=header:fly-client-ip\. Else nothing is wrong\./,
    );
    expect(words).toMatch(/than CLIENT_IP_FROM=hops:1 reads\. If your proxies wrote them/);
    expect(words).not.toContain("203.0.113");
  });

  test("more hops and each header are reported even when they first occur after 1,000 requests", () => {
    const doubts = createDoubts(hop);
    const usual = new Headers({ "x-forwarded-for": "203.0.113.3" });
    for (let i = 0; i < 1000; i += 1) expect(doubts(usual, "203.0.113.3")).toBeUndefined();
    const late = new Headers({
      "x-forwarded-for": "203.0.113.4, 203.0.113.3",
      "x-real-ip": "203.0.113.5",
    });
    const found = Array.from({ length: 100 }, () => doubts(late, "203.0.113.3")?.code);
    expect(new Set(found)).toEqual(
      new Set([undefined, "CLIENT_ADDRESS_HEADER_UNCONFIGURED", "CLIENT_ADDRESS_MORE_HOPS"]),
    );
  });

  test.each([
    ["nginx behind a balancer names the balancer", { "x-real-ip": "10.0.0.5" }],
    ["a proxy names a public address behind the client's", { "x-real-ip": "198.51.100.9" }],
    ["Forwarded names no client", { forwarded: "by=10.0.0.5;proto=https" }],
    ["a header is empty", { "fly-client-ip": "" }],
    ["a header holds no address", { "true-client-ip": "unknown" }],
    ["a header spells the same address in full", { "true-client-ip": "::ffff:203.0.113.3" }],
  ])("there is no doubt when %s", (_, more) => {
    const doubts = createDoubts({ from: "hops", hops: 2 });
    const headers = { "x-forwarded-for": "203.0.113.3, 198.51.100.9", ...more };
    expect(doubts(new Headers(headers as Record<string, string>), "203.0.113.3")).toBeUndefined();
  });

  test("a header that a proxy first writes after 1,000 requests is reported", () => {
    const doubts = createDoubts(hop);
    for (let i = 0; i < 1000; i += 1) doubts(new Headers(counted), "203.0.113.3");
    const later = new Headers({ ...counted, "fly-client-ip": "203.0.113.4" });
    const found = Array.from({ length: 100 }, () => doubts(later, "203.0.113.3")).filter(Boolean);
    expect(found.map((doubt) => doubt?.code)).toEqual(["CLIENT_ADDRESS_HEADER_UNCONFIGURED"]);
  });

  test("counting Cloudflare's own address is a warning, since no client can forge that address", () => {
    const doubts = createDoubts(hop);
    expect(doubts(new Headers({ ...edge, ...cf }), "104.16.0.1")).toMatchObject({
      level: "warn",
      message: expect.stringContaining("set CLIENT_IP_FROM=hops:2."),
    });
  });

  test("each code is reported once, however many requests there are", () => {
    const both = { ...edge, ...cf };
    expect(codes({ from: "hops", hops: 1 }, both, {}, {}, both, {}, both)).toEqual([
      "UNCONFIGURED",
      "ABSENT",
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("the message says what to set and where to read on, and holds no text of the client", () => {
    const doubts = createDoubts({ from: "vercel" });
    const { message = "" } = doubts(new Headers({ ...vercelEdge, ...cf }), "104.16.0.1") ?? {};
    expect(message).toContain("CLIENT_IP_FROM=vercel+cloudflare");
    expect(message).toContain("headgate/docs/reference/errors.md#");
    expect(message).not.toMatch(/203\.0\.113|104\.16/);
  });
});
