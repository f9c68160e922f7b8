import { startBrowser } from "../support/browser.ts";
import { DashboardServer } from "../support/dashboard-server.ts";
import { STATES } from "../support/dashboard-states.ts";

/** As much of the page as shows the store, the charts and the rules, in pixels. */
const SIZE = { width: 1280, height: 1225 };

/** Takes a picture of the dashboard's page, with numbers that are made up, as a PNG. */
export async function drawDashboard(): Promise<Buffer> {
  const state = STATES["well"];
  if (!state) throw new Error("The dashboard's tests have no state without a problem.");
  const server = await new DashboardServer(state).start();
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ colorScheme: "light", viewport: SIZE });
    await page.goto(server.url);
    await page
      .getByRole("img", { name: /^Decisions of / })
      .first()
      .waitFor();
    // The charts are drawn with the next frame.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    return await page.screenshot();
  } finally {
    await browser.close();
    await server.stop();
  }
}
