import { expect, test } from "vitest";
import { searchArtists } from "#app/_domain/artists/artists";
import { recommend, recommendation } from "#app/_domain/artists/recommend";
import { liveStore } from "../../support/live-store.ts";
import { makeTools } from "../../support/tools.ts";

const live = liveStore();

test("a recommendation is new once, whatever its spelling", async () => {
  const tools = makeTools(live.store);
  expect(await recommend(tools, { name: "Zoë Unknown-Name" })).toEqual({ recommended: true });
  for (const name of ["zoe unknown name", "ZOË  UNKNOWN-NAME"]) {
    expect(await recommend(tools.again(), { name })).toEqual({
      recommended: false,
      reason: "duplicate",
    });
  }
  const [key = ""] = await live.direct.keys(`${tools.namespace}:*`);
  expect(key).not.toContain("unknown");
  expect(await live.direct.ttl(key)).toBeGreaterThan(0);
});

test("a recommendation of a listed artist is known", async () => {
  const [listed] = searchArtists("", 1);
  const name = listed?.name ?? "";
  expect(await recommend(makeTools(live.store), { name: name.toUpperCase() })).toEqual({
    recommended: false,
    reason: "known",
  });
});

test.each([
  {},
  { name: "" },
  { name: "…!" },
  { name: 1 },
  { name: "x".repeat(101) },
  { name: "Ada", other: 1 },
  { name: "Ada", instagramHandle: "https://x" },
])("a recommendation %j is rejected", (given) => {
  expect(recommendation.safeParse(given).success).toBe(false);
});
