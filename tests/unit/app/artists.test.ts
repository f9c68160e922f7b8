import { describe, expect, test } from "vitest";
import { searchArtists } from "#app/_domain/artists/artists";
import list from "../../../app/_domain/artists/artists.json" with { type: "json" };
import { words } from "#app/_domain/artists/words";
import { cpuMs } from "../../support/cpu.ts";

const names = (q: string, limit?: number) => searchArtists(q, limit).map((artist) => artist.name);

describe("the list", () => {
  test("the list has 200 artists, and each id, name and handle differs", () => {
    expect(list).toHaveLength(200);
    for (const field of ["id", "name", "handle"] as const) {
      expect(new Set(list.map((artist) => artist[field])).size).toBe(200);
    }
  });
});

describe("words", () => {
  test.each([
    ["Dąbrowel", ["dabrowel"]],
    ["ŁÓDŹ", ["lodz"]],
    ["İzmir izmır", ["izmir", "izmir"]],
    ["Søren Tørnquill", ["soren", "tornquill"]],
    ["trompe-l’œil", ["trompe", "loeil"]],
    ["Ludmila Ó'Fallowain", ["ludmila", "ofallowain"]],
    ["straße STRASSE ẞ", ["strasse", "strasse", "ss"]],
    ["ＦＵＬＬ ﬁne", ["full", "fine"]],
    ["@by.signe_fjo", ["by", "signe", "fjo"]],
    ["Đà Nẵng", ["da", "nang"]],
    ["  !? 🎨 ", []],
    ["東京 7", ["東京", "7"]],
  ])("words folds %j", (text, expected) => {
    expect(words(text)).toStrictEqual(expected);
  });
});

describe("searchArtists", () => {
  test("searchArtists returns the first page for an empty query", () => {
    const firstPage = list.slice(0, 20).map((artist) => artist.name);
    expect(names("")).toStrictEqual(firstPage);
    expect(names("  ¿? ")).toStrictEqual(firstPage);
  });

  test("searchArtists returns at most `limit` artists", () => {
    expect(names("", 3)).toHaveLength(3);
    expect(names("", 1000)).toHaveLength(200);
  });

  test.each(["Dąbrowel", "DABROWEL", "dabro", "da\u0328browel"])(
    "searchArtists finds the artist by %j",
    (q) => {
      expect(names(q)).toStrictEqual(["Femke Dąbrowel", "Nell Dąbrowel"]);
    },
  );

  test("searchArtists searches city, styles and handle", () => {
    for (const artist of list) {
      for (const text of [artist.city, ...artist.styles, `@${artist.handle}`]) {
        expect(names(text, 200)).toContain(artist.name);
      }
    }
  });

  test("searchArtists requires every word, in any field", () => {
    const found = searchArtists("nell zurich", 200);
    expect(found.map((artist) => `${artist.name}, ${artist.city}`)).toStrictEqual([
      "Nell Dąbrowel, Zürich",
    ]);
    expect(names("nell zurich unknown")).toStrictEqual([]);
  });

  test("searchArtists returns names that begin with the query first, then names that contain it, then the rest", () => {
    expect(names("mar")).toStrictEqual([
      "Marit Nachtvogel",
      "Marit Saltmarche",
      "René Marrowby",
      "Vesna Marrowby",
      // This artist is from Marseille.
      "Dragan Hollowell-Reyes",
      "Hideo Harrowmint",
      "Iveta Vinterhavn",
      "Rhiannon Brackenfell",
    ]);
  });

  test("searchArtists keeps the order of the list within a rank", () => {
    const place = new Map(list.map((artist, at) => [artist.id, at]));
    const at = searchArtists("lodz", 200).map((artist) => place.get(artist.id) ?? -1);
    expect(at.length).toBeGreaterThan(1);
    expect(at).toStrictEqual(at.toSorted((a, b) => a - b));
  });

  test.each([
    ["one letter a million times", "a".repeat(1_000_000)],
    ["a million words", "a ".repeat(500_000)],
    ["marks to be reordered", `a${"\u0301\u0323".repeat(500_000)}`],
    ["letters that expand", "\uFDFA".repeat(1_000_000)],
    ["lone surrogates", "\uD800".repeat(1_000_000)],
    ["text that makes a naive pattern slow", `${"(a+)+".repeat(200_000)}$`],
  ])("searchArtists is fast for %s", (_, q) => {
    const began = cpuMs();
    expect(searchArtists(q).length).toBeLessThanOrEqual(20);
    expect(cpuMs() - began).toBeLessThan(500);
  });
});
