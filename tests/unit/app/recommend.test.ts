import { Redis as Direct } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { searchArtists } from "#app/_domain/artists/artists";
import { recommend, recommendation } from "#app/_domain/artists/recommend";
import { startStore, type TestStore } from "../../support/gateway.ts";
import { makeTools } from "../../support/tools.ts";

let store: TestStore;
let direct: Direct;

beforeAll(async () => {
  store = await startStore();
  direct = new Direct(store.redis.url);
});
afterAll(async () => {
  direct?.disconnect();
  await store?.stop();
});

test("a recommendation is new once, however it is spelled", async () => {
  const tools = makeTools(store);
  expect(await recommend(tools, { name: "Zoë Nobody-Knows" })).toEqual({ recommended: true });
  for (const name of ["zoe nobody knows", "ZOË  NOBODY-KNOWS"]) {
    expect(await recommend(tools.again(), { name })).toEqual({
      recommended: false,
      reason: "duplicate",
    });
  }
  const [key = ""] = await direct.keys(`${tools.namespace}:*`);
  expect(key).not.toContain("nobody");
  expect(await direct.ttl(key)).toBeGreaterThan(0);
});

test("an artist of the list is known", async () => {
  const [listed] = searchArtists("", 1);
  const name = listed?.name ?? "";
  expect(await recommend(makeTools(store), { name: name.toUpperCase() })).toEqual({
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
])("%j is not taken", (given) => {
  expect(recommendation.safeParse(given).success).toBe(false);
});
