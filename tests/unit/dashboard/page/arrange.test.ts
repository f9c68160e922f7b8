import { expect, test } from "vitest";
import { arranged } from "#lib/dashboard/page/arrange";
import { manyRules } from "../../../support/dashboard-fixture.ts";

const rules = manyRules(8);
const named = (search: string, order: Parameters<typeof arranged>[2]) =>
  arranged(rules, search, order).map(({ name }) => name);

test("rules are found by a part of their name, in either case", () => {
  expect(named(" AR", "policy")).toEqual(["search", "artists"]);
  expect(named("nothing", "policy")).toEqual([]);
});

test("rules are in the policy's order, or sorted by their denials", () => {
  expect(named("", "policy")).toEqual(rules.map(({ name }) => name));
  expect(named("", "denied").slice(0, 3)).toEqual(["sync", "webhooks", "search"]);
  expect(named("", "shadowDenied")[0]).toBe("analytics");
});
