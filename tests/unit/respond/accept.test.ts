import fc from "fast-check";
import Negotiator from "negotiator";
import { expect, test } from "vitest";
import { preferred } from "#lib/respond/accept";

const OFFERED = ["application/problem+json", "application/json", "text/html"];

test.each([
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"],
  ["*/*", "application/problem+json"],
  ["text/*", "text/html"],
  ["text/html;q=0.5, application/*", "application/problem+json"],
  ["text/html, */*", "text/html"],
  ["TEXT/HTML ; Q=0.9, */* ; q=0.1", "text/html"],
  ["text/html;q=0, */*;q=0.1", "application/problem+json"],
  ["image/png", undefined],
  ["", undefined],
  ["text/html;q=2, nonsense, /, text/, */*;q=0.1", "application/problem+json"],
])("preferred returns for Accept: %j the type %s", (accept, best) => {
  expect(preferred(accept, OFFERED)).toBe(best);
});

test("preferred returns the type that the package negotiator prefers, for any header", () => {
  const range = fc.tuple(
    fc.constantFrom("*/*", "text/*", "application/*", "image/png", ...OFFERED),
    fc.constantFrom("", ";q=0", ";q=0.1", ";q=0.5", "; q=0.8", ";q=1", ";q=0.123"),
  );
  // The standard does not define which of two equal ranges counts.
  const header = fc
    .uniqueArray(range, { selector: ([type]) => type, maxLength: 6 })
    .map((ranges) => ranges.map(([type, q]) => type + q).join(", "));
  fc.assert(
    fc.property(header, (accept) => {
      const [best] = new Negotiator({ headers: { accept } }).mediaTypes(OFFERED);
      expect(preferred(accept, OFFERED)).toBe(best);
    }),
  );
});
