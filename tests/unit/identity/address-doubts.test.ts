import { describe, expect, test } from "vitest";
import { clientAddress } from "#lib/identity/address";
import { createDoubts } from "#lib/identity/address-doubts";
import type { AddressSource } from "#lib/identity/address-source";
import { SOCKET_HEADER } from "#lib/identity/platforms/socket";

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
    expect(message).toContain(
      "headgate/docs/reference/errors.md#client_address_header_unconfigured",
    );
    expect(message).not.toMatch(/203\.0\.113|104\.16/);
  });
});
