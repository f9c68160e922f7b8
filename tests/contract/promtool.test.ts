import { expect, test } from "vitest";
import { promtool } from "../support/promtool.ts";

const METRICS = `# HELP headgate_decisions_total Decisions.
# TYPE headgate_decisions_total counter
headgate_decisions_total{rule="search",outcome="allowed"} 3
`;

test("promtool accepts valid metrics", { timeout: 120_000 }, async () => {
  expect(await promtool(["check", "metrics"], METRICS)).toEqual({ ok: true, output: "" });
});

test("promtool reports a counter whose name does not end in _total", async () => {
  const { ok, output } = await promtool(["check", "metrics"], METRICS.replaceAll("_total", ""));
  expect(ok).toBe(false);
  expect(output).toContain('counter metrics should have "_total" suffix');
});
