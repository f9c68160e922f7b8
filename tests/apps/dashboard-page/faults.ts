import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";
import { ROOT } from "../../support/app.ts";
import { overflow } from "../../support/page.ts";

const AXE = readFileSync(join(ROOT, "node_modules", "axe-core", "axe.min.js"), "utf8");

/** Every accessibility fault that axe finds. The debugger may run scripts that the page's policy forbids. */
export async function faultsOf(page: Page, options: RunOptions = {}): Promise<readonly string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(`${AXE}; undefined`);
  const settings = JSON.stringify({ resultTypes: ["violations"], elementRef: false, ...options });
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${settings})`);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** The faults of a page in the light and the dark scheme, on a wide screen and on a phone. */
export async function defectsOf(page: Page): Promise<readonly string[]> {
  const defects: string[] = [];
  for (const width of [1280, 375]) {
    await page.setViewportSize({ width, height: 812 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      // The scheme changes nothing but colours.
      const options = colorScheme === "light" ? {} : { runOnly: ["color-contrast"] };
      const faults = await faultsOf(page, options);
      defects.push(...faults.map((fault) => `${width} px, ${colorScheme}: ${fault}`));
    }
    const sideways = await overflow(page);
    if (sideways > 0) defects.push(`${width} px: scrolls ${sideways} px sideways`);
    const small = await smallTargets(page);
    defects.push(...small.map((target) => `${width} px: too small: ${target}`));
  }
  return defects;
}

/** Controls that are smaller than 24 px, but for links in text. */
function smallTargets(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("button, select, input")].flatMap((element) => {
      const { width, height } = element.getBoundingClientRect();
      return width < 24 || height < 24 ? [element.outerHTML] : [];
    }),
  );
}
