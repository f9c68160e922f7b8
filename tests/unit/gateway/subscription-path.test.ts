import { describe, expect, test } from "vitest";
import { readSubscription } from "#lib/gateway/subscription-path";

const read = (url: string, method = "POST") => readSubscription(method, url);

describe("readSubscription", () => {
  test.each([
    ["/subscribe/chat", "channel", "chat"],
    ["/psubscribe/user:*", "pattern", "user:*"],
    ["/PSubscribe/a", "pattern", "a"],
    ["/subscribe/a/b", "channel", "a/b"],
    ["/subscribe/a//b/", "channel", "a//b/"],
    ["/subscribe/a?b=c&d", "channel", "a?b=c&d"],
    ["/subscribe/?", "channel", "?"],
    ["/psubscribe/a%3F%2Fb%25", "pattern", "a?/b%"],
    ["/psubscribe/[a-c]\\*+'", "pattern", "[a-c]\\*+'"],
    ["/subscribe/%20a%20b%20", "channel", " a b "],
    ["/subscribe/caf%C3%A9-%F0%9F%98%80", "channel", "café-😀"],
    ["/subscribe/%00", "channel", "\0"],
  ])("readSubscription reads %s as the %s %j", (url, kind, name) => {
    expect(read(url)).toEqual({ kind, name });
    expect(read(url, "GET")).toEqual({ kind, name });
  });

  test.each([
    "/",
    "/get/subscribe",
    "/subscribers/a",
    "/subscribe,a",
    "/ssubscribe/a",
    "/%73ubscribe/a",
  ])("readSubscription returns undefined for the path %s", (url) => {
    expect(read(url)).toBeUndefined();
  });

  test.each([
    ["/subscribe", "must name a channel: /subscribe/<channel>"],
    ["/subscribe?a", "must name a channel"],
    ["/psubscribe/", "must name a pattern: /psubscribe/<pattern>"],
    ["/subscribe/a,b", "a channel must be named without commas and line breaks"],
    ["/psubscribe/a%2Cb", "a pattern must be named without commas and line breaks"],
    ["/subscribe/a%0Ab", "without commas and line breaks"],
    ["/subscribe/a%0D", "without commas and line breaks"],
    ["/subscribe/100%", "not percent-encoded UTF-8"],
    ["/subscribe/%FF", "not percent-encoded UTF-8"],
  ])("readSubscription rejects %s: %s", (url, text) => {
    expect(() => read(url)).toThrow(expect.objectContaining({ status: 400 }));
    expect(() => read(url)).toThrow(text);
  });

  test.each(["PUT", "DELETE", "HEAD", "OPTIONS"])(
    "readSubscription rejects the method %s",
    (method) => {
      expect(() => read("/subscribe/a", method)).toThrow(expect.objectContaining({ status: 405 }));
    },
  );
});
