import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../support/app.ts";
import { fixture } from "../../support/fixture.ts";
import { expectNothingLeft, launch } from "../../support/launched.ts";
import { scope } from "../../support/scope.ts";
import type { ComposedApp } from "./app.ts";

const HEADGATE = join(ROOT, "lib", "cli", "headgate.ts");

/** Tests prefetches of pages, and `headgate start` on an app that has no config/rate-limits.ts. */
export function testPrefetches(composed: ComposedApp): void {
  const { newAddress } = composed;
  const cleanUp = scope();

  /** Opens a page of thirty links as a new client, and returns the statuses of what it prefetched. */
  async function openLinks(to: string) {
    const options = { extraHTTPHeaders: { "x-forwarded-for": newAddress() } };
    const page = cleanUp(await composed.browser.newPage(options), (it) => it.close());
    const prefetched: number[] = [];
    const seen = new Set<string>();
    page.on("response", (response) => {
      const { pathname } = new URL(response.url());
      if (!pathname.startsWith(`/${to}/`)) return;
      prefetched.push(response.status());
      seen.add(/\d+/.exec(pathname)?.[0] ?? "");
    });
    await page.goto(`${composed.url}/links/${to}`);
    // Every link is prefetched at least once.
    await expect.poll(() => seen.size).toBe(30);
    return { page, prefetched };
  }

  test("a click is served after thirty prefetches when the rule counts them separately", async () => {
    const { page, prefetched } = await openLinks("p");
    expect(prefetched.length).toBeGreaterThanOrEqual(30);
    expect(prefetched.filter((status) => status !== 200)).toEqual([]);
    await page.getByRole("link", { name: "Page 7." }).click();
    await page.getByRole("heading", { name: "This is page 7." }).waitFor();
  });

  test("a click is denied after thirty prefetches when the rule counts them as visits", async () => {
    const { page, prefetched } = await openLinks("q");
    expect(prefetched).toContain(429);
    await page.getByRole("link", { name: "Page 30." }).click();
    await page.getByText("Too many requests").first().waitFor();
  });

  test("a client that claims to prefetch has the limit for prefetches, and no other capacity", async () => {
    const address = newAddress();
    const ask = async (headers: Record<string, string>) => {
      const all = { "x-forwarded-for": address, ...headers };
      return (await fetch(`${composed.url}/p/1`, { headers: all })).status;
    };
    const statuses = [];
    for (let i = 0; i < 230; i += 1) statuses.push(await ask({ "next-router-prefetch": "1" }));
    const visits = [];
    for (let i = 0; i < 25; i += 1) visits.push(await ask({}));
    expect(statuses.filter((status) => status === 200)).toHaveLength(200);
    expect(visits.filter((status) => status === 200)).toHaveLength(20);
  });

  test("headgate start serves another app than the sample with its limits, and stops on a signal", async () => {
    const env = { PORT: "0", HEADGATE_STORE: "embedded", HEADGATE_STORE_DEADLINE_MS: "10000" };
    const served = cleanUp(
      launch(process.execPath, [HEADGATE, "start"], env, fixture("composed")),
      (it) => it.remove(),
    );
    const [, url = ""] = await served.printed(/^ready +(http\S+)$/m);
    const statuses: number[] = [];
    for (let i = 0; i < 21; i += 1) statuses.push((await fetch(`${url}/q/1`)).status);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 200), 429]);
    const lines = served.output().trim().split("\n");
    const subjects = lines
      .filter((line) => !line.startsWith("{"))
      .map((line) => line.split(" ")[0]);
    expect(subjects).toEqual(["warning", "store", "clients", "policy", "ready"]);
    expect(served.output()).toContain(
      "policy   not checked: there is no file config/rate-limits.ts",
    );
    // The app was built before, so this start does not build.
    expect(served.output()).not.toContain("building");
    const before = served.output();
    const started = served.descendants();
    served.signal("SIGTERM");
    expect(await served.ended).toBe(0);
    expect(served.output()).toBe(before);
    await expectNothingLeft(served, started);
  });
}
