import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeRule } from "#app/_page/rule-words";
import { sampleRequests } from "#app/_page/sample-request";
import policy from "#config/rate-limits";
import { compilePolicy } from "#lib/policy/check/compile";
import { ROOT } from "../../support/app.ts";
import type { StartPage } from "./browser.ts";

const compiled = compilePolicy(policy);
const rules = [...compiled.rules.values()];

/** Tests the table of the policy, and the documents that the page links to. */
export function testTable(shared: StartPage): void {
  const { open } = shared;

  test("the table shows the policy, also without JavaScript", async () => {
    const { page } = await open(shared.url, { javaScriptEnabled: false });
    const table = page.getByRole("table", { name: "The policy" });
    expect(await table.getByRole("columnheader").allInnerTexts()).toStrictEqual([
      "Rule",
      "Paths, methods",
      "Limit, for whom",
      "If the store fails",
      "Try it",
    ]);
    const headers = table.getByRole("rowheader");
    expect(await headers.count()).toBe(rules.length);
    for (const [at, rule] of rules.entries()) {
      const words = describeRule(rule);
      const row = table.getByRole("row").nth(at + 1);
      const [paths, limits, failure] = await row.getByRole("cell").allInnerTexts();
      expect(await headers.nth(at).innerText()).toBe([words.name, ...notes(words)].join("\n"));
      expect(await row.locator(".path").allInnerTexts()).toStrictEqual([...rule.match]);
      expect(paths).toContain(rule.match.length > 0 ? words.methods : "no path");
      for (const { amount, who, algorithm, tier = "" } of words.limits) {
        expect(limits).toContain(`${amount}\n${who}, ${algorithm}`);
        expect(limits).toContain(tier);
      }
      expect(failure).toBe(words.onStoreFailure);
    }
    for (const { pattern, reason } of compiled.exempt) {
      const entry = page.getByRole("definition").filter({ hasText: reason });
      expect(await entry.count()).toBeGreaterThan(0);
      expect(await page.getByText(pattern, { exact: true }).count()).toBe(1);
    }
  });

  test("every rule with a path has two buttons, and every other rule says why it has no buttons", async () => {
    const { page } = await open(shared.url);
    const withPath = rules.filter((rule) => sampleRequests(rule, compiled).length > 0);
    expect(await page.getByRole("button", { name: /^Send 1 request to / }).count()).toBe(
      withPath.length,
    );
    expect(await page.getByRole("button", { name: /^Send 20 requests to / }).count()).toBe(
      withPath.length,
    );
    expect(await page.getByText("Handlers check this rule; it has no path.").count()).toBe(
      rules.filter((rule) => rule.match.length === 0).length,
    );
  });

  test("the page shows the policy, then the tools, then links to existing documents", async () => {
    const { page } = await open(shared.url);
    expect(await page.getByRole("heading").allInnerTexts()).toStrictEqual([
      "Headgate",
      "The policy",
      "Once, from many tabs",
      "Three tabs, one view",
      "Five tabs, one sync",
      "Without a limit",
      "How it is counted",
      "Documentation",
    ]);
    const files = page.getByRole("region", { name: "Documentation" }).locator("code");
    const named = await files.allInnerTexts();
    expect(named.filter((file) => !existsSync(join(ROOT, file)))).toStrictEqual([]);
  });
}

function notes({ mode, replaces }: ReturnType<typeof describeRule>): string[] {
  const replaced = replaces.length > 0 ? [`in place of ${replaces.join(", ")}`] : [];
  return mode === undefined ? replaced : [mode, ...replaced];
}
