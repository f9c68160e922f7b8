import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex } from "#lib/core/hex";
import { sha256 } from "#lib/core/sha256";
import { hmacSha256 } from "#lib/identity/keyed-hash";

const utf8 = (text: string) => new TextEncoder().encode(text);

// RFC 4231, test cases 1, 2, 6 and 7: a short key, a text, and keys longer than a block.
test.each([
  [
    new Uint8Array(20).fill(0x0b),
    "Hi There",
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  ],
  [
    utf8("Jefe"),
    "what do ya want for nothing?",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    new Uint8Array(131).fill(0xaa),
    "Test Using Larger Than Block-Size Key - Hash Key First",
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
  [
    new Uint8Array(131).fill(0xaa),
    "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
    "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  ],
])("hmacSha256 returns the tag of RFC 4231 for the key %o", (key, message, tag) => {
  expect(toHex(hmacSha256(key)(utf8(message)))).toBe(tag);
});

test("sha256 and hmacSha256 equal those of Node, for keys and messages of every length", () => {
  const bytes = fc.uint8Array({ maxLength: 300, size: "max" });
  const text = fc.string({ unit: "binary", maxLength: 200, size: "max" });
  fc.assert(
    fc.property(bytes, bytes, bytes, text, (key, first, second, third) => {
      expect(toHex(sha256(third))).toBe(createHash("sha256").update(third).digest("hex"));
      const tagOf = hmacSha256(key);
      for (const message of [first, second, first]) {
        const right = createHmac("sha256", key).update(message).digest("hex");
        expect(toHex(tagOf(message))).toBe(right);
      }
    }),
    { numRuns: 300 },
  );
});
