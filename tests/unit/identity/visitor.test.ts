import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createCountedAddress } from "#lib/identity/counted-address";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { readVisitor, signVisitor, VISITOR_HEADER } from "#lib/identity/visitor";
import { createVisitorHeaders } from "#lib/visitor";
import type { HeadgateEvent } from "#lib/observe/events";

const secret = "a secret of the tests, long enough";
const sign = createKeyedHash(secret, 2);
const NOW = 1_764_400_000_000;

beforeEach(() => void vi.useFakeTimers({ now: NOW, toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

const read = (value: string) => readVisitor(sign, new Headers({ [VISITOR_HEADER]: value }));
const until = (ms: number, address = "203.0.113.9") => signVisitor(sign, address, String(NOW + ms));

describe("a visitor's header", () => {
  test.each(["203.0.113.9", "2001:db8:1:2::/64", "2001:db8:1:2:3:4:5:6/128"])(
    "a visitor's header names the address %s",
    (address) => {
      expect(read(until(60_000, address))).toBe(address);
    },
  );

  test.each<[string, () => string]>([
    ["that has just expired", () => until(0)],
    ["that expired long ago", () => until(-60_000)],
    ["of a clock that is hours ahead", () => until(3_600_000)],
    [
      "of another secret",
      () => signVisitor(createKeyedHash(`${secret}, another`), "203.0.113.9", String(NOW + 60_000)),
    ],
    ["of another address", () => until(60_000).replace("203.0.113.9", "203.0.113.8")],
    ["of another expiry", () => until(60_000).replace(String(NOW + 60_000), String(NOW + 60_001))],
    [
      "whose expiry is spelled in another way",
      () => until(60_000).replace(/^\d+/, "1.76440006e12"),
    ],
    ["without a signature", () => `${NOW + 60_000} 203.0.113.9`],
    ["with an empty signature", () => `${NOW + 60_000} 203.0.113.9 `],
    ["with text after the signature", () => `${until(60_000)} x`],
    ["that holds two values", () => `${until(60_000)}, ${until(60_000)}`],
    ["of a client's own key", () => `${NOW + 60_000} 203.0.113.9 ${sign("ip", "203.0.113.9")}`],
    ["that is long", () => `${until(60_000)}${" ".repeat(20)}x${"y".repeat(100_000)}`],
    ["that is a long address", () => signVisitor(sign, "1".repeat(200), String(NOW + 60_000))],
    ["that is empty", () => ""],
    ["that is no number", () => "NaN 203.0.113.9 x"],
  ])("a visitor's header %s is ignored", (_, make) => {
    expect(read(make())).toBeUndefined();
  });

  test("a visitor's header is valid on an instance whose clock is some seconds behind or ahead, and not after its expiry", () => {
    const value = until(60_000);
    for (const [drift, address] of [
      [-59_000, "203.0.113.9"],
      [59_000, "203.0.113.9"],
      [60_000, undefined],
      [120_000, undefined],
    ] as const) {
      vi.setSystemTime(NOW + drift);
      expect([drift, read(value)]).toEqual([drift, address]);
    }
  });
});

describe("createVisitorHeaders", () => {
  const addressSource = { from: "hops", hops: 1 } as const;
  const from = (headers: Record<string, string>) => new Headers(headers);
  const visitor = { "x-forwarded-for": "203.0.113.9" };

  test("the headers name the visitor by the same source as the gate, and hold only the address", () => {
    const options = { addressSource, visitorSecret: secret };
    const own = createVisitorHeaders(options)(from({ ...visitor, cookie: "a=b" }));
    expect(own).toEqual({
      [VISITOR_HEADER]: expect.stringMatching(/^\d{13} 203\.0\.113\.9 [\w-]{22}$/),
    });
    const counted = createCountedAddress(options);
    const inner = from({ ...own, "x-forwarded-for": "127.0.0.1" });
    expect(counted(inner, () => {})).toBe("203.0.113.9");
    // A handler that is called with the headers passes the visitor on to the next one.
    const next = from({ ...createVisitorHeaders(options)(inner), "x-forwarded-for": "127.0.0.1" });
    expect(counted(next, () => {})).toBe("203.0.113.9");
  });

  test("a visitor's header that a client forged is ignored", () => {
    const forged = {
      ...visitor,
      [VISITOR_HEADER]: `${NOW + 60_000} 198.51.100.1 ${"A".repeat(22)}`,
    };
    const own = createVisitorHeaders({ addressSource, visitorSecret: secret })(from(forged));
    expect(own[VISITOR_HEADER]).toContain(" 203.0.113.9 ");
  });

  test("there are no headers for a visitor whose address is not known", () => {
    expect(createVisitorHeaders({ addressSource, visitorSecret: secret })(from({}))).toEqual({});
  });

  test("there are no headers without a secret, which is reported once", () => {
    const events: HeadgateEvent[] = [];
    const asVisitor = createVisitorHeaders({
      addressSource,
      onEvent: (event) => events.push(event),
    });
    expect([asVisitor(from(visitor)), asVisitor(from(visitor))]).toEqual([{}, {}]);
    expect(events).toEqual([
      expect.objectContaining({ kind: "address", level: "warn", code: "VISITOR_SECRET_GUESSABLE" }),
    ]);
  });

  test("a gate without a secret ignores every visitor's header", () => {
    const own = createVisitorHeaders({ addressSource, visitorSecret: secret })(from(visitor));
    const inner = from({ ...own, "x-forwarded-for": "127.0.0.1" });
    expect(createCountedAddress({ addressSource })(inner, () => {})).toBe("127.0.0.1");
  });
});
