import type { Page } from "playwright-core";

/** The row of a rule in the table: its buttons, its bars and its headers. */
export function lane(page: Page, rule: string) {
  const row = page.getByRole("row").filter({
    has: page.getByRole("rowheader", { name: rule, exact: true }),
  });
  const bars = (outcome: string) => row.locator(`[data-outcome="${outcome}"]`).count();
  const send = (count: number) =>
    row.getByRole("button", { name: new RegExp(`^Send ${count} requests? to ${rule}$`) }).click();
  const openHeaders = () => row.getByText("Headers", { exact: true }).click();
  const header = (name: string) => headerOf(row.locator(".headers"), name);
  /** The outcomes of the bars, from left to right. */
  const drawn = async () => {
    const drawn = await row.locator("[data-outcome]").all();
    const places = await Promise.all(
      drawn.map(async (bar) => ({
        outcome: await bar.getAttribute("data-outcome"),
        x: (await bar.boundingBox())?.x ?? 0,
      })),
    );
    return places.toSorted((a, b) => a.x - b.x).map(({ outcome }) => outcome);
  };
  return { row, bars, drawn, send, openHeaders, header };
}

function headerOf(headers: ReturnType<Page["locator"]>, name: string) {
  const entry = headers
    .locator("div")
    .filter({ has: headers.page().getByText(name, { exact: true }) });
  return entry.locator("dd").innerText();
}
