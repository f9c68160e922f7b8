import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pathReadings, routedPath } from "#lib/policy/path";

describe("the path of a URL", () => {
  const part = fc.constantFrom(
    "/",
    "a",
    "B",
    "~",
    "-",
    "_",
    ".",
    "..",
    "%2e",
    "%2f",
    "\\",
    "?",
    "#",
    ":",
    "@",
    "é",
    " ",
    ";",
  );

  test("the path of any URL is the one that URL reads", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const url = `http://app.example${parts.join("")}`;
        fc.pre(URL.canParse(url));
        // A request's URL in workerd is as it was sent; Node normalizes it.
        const { pathname } = routedPath({ url } as Request);
        expect(pathname).toBe(new URL(url).pathname);
      }),
      { numRuns: 2000, examples: [[["/", "a", "/", "B"]], [["@", "/", "a"]], [["\\", "/", "a"]]] },
    );
  });
});

describe("the readings of a path", () => {
  test("the readings never throw, begin with a slash, and contain nothing left to normalize", () => {
    const path = fc.oneof(
      fc.string({ unit: "binary" }).map((text) => `/${text}`),
      fc
        .array(
          fc.constantFrom(
            "/",
            "..",
            ".",
            "%2f",
            "%2e",
            "%",
            "%zz",
            "%c3",
            "\\",
            "a",
            ".rsc",
            ".json",
            "/_next/data/b/",
            ".segments/",
            ".segment",
            "%252f",
            "/(..)",
            "(...)",
          ),
        )
        .map((parts) => `/${parts.join("")}`),
    );
    fc.assert(
      fc.property(path, (given) => {
        const readings = pathReadings(given);
        expect(readings.length).toBeGreaterThan(0);
        for (const reading of readings) {
          expect(reading.startsWith("/")).toBe(true);
          expect(reading === "/" || !reading.endsWith("/")).toBe(true);
          expect(
            reading
              .split("/")
              .slice(1)
              .some((segment) => segment === ".." || segment === "."),
          ).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("the first reading is read as itself, unless it has an encoded percent sign", () => {
    const part = fc.oneof(
      fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("%", "")),
      fc.constantFrom("/", "..", ".", "%2f", "%5C", "%2e", "%41", "%ff", "\\", ".rsc", ".segment"),
      fc.constantFrom("/_next/data/b/", ".json", ".segments/", "/index"),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const [first = ""] = pathReadings(`/${parts.join("")}`);
        expect(pathReadings(first)[0]).toBe(first);
      }),
      { numRuns: 1000 },
    );
  });

  test("a path has few readings, for any number of additions", () => {
    const ofNext = ["/_next/data/b/index/", ".json", ".rsc", ".segments/x.segment"];
    const additions = [...ofNext, "%2f", "/", "/(.)b", "/(..)b", "/(...)b"];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...additions), { maxLength: 200 }), (parts) => {
        expect(pathReadings(`/a${parts.join("")}`).length).toBeLessThanOrEqual(30);
      }),
    );
  });

  test("the readings include the plain path when any of its letters are encoded", () => {
    const letters = "/api/search".split("");
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: letters.length, maxLength: letters.length }),
        (encode) => {
          const path = letters.map((letter, i) => {
            const hex = letter.charCodeAt(0).toString(16);
            return encode[i] && letter !== "/" ? `%${hex}` : letter;
          });
          expect(pathReadings(path.join(""))).toEqual(["/api/search"]);
        },
      ),
    );
  });
});
