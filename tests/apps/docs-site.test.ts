import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildSite } from "../../config/docs/site.ts";
import { ROOT } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { allFaults, overflow, problemsOf, type View } from "../support/page.ts";
import { scope } from "../support/scope.ts";

const SECTIONS = "Start Guides Concepts Reference Operate Evidence Internals Decisions".split(" ");

const SITE = join(ROOT, ".headgate", "docs-test");
/** The site works below any path of a host. */
const URL_OF_SITE = "http://localhost/headgate/docs/";

const cleanUp = scope();
let browser: Browser;

beforeAll(async () => {
  [browser] = await Promise.all([startBrowser(), buildSite(SITE)]);
});
afterAll(() => browser?.close());

/** Opens a page of the built site, which a browser without a network reads from its folder. */
async function open(path: string, view: View = {}) {
  const context = cleanUp(await browser.newContext(view), (it) => it.close());
  const others: string[] = [];
  await context.route("**", (route) => {
    const address = route
      .request()
      .url()
      .replace(/[?#].*$/, "");
    if (address.startsWith(URL_OF_SITE)) {
      return route.fulfill({ path: join(SITE, address.slice(URL_OF_SITE.length)) });
    }
    others.push(address);
    return route.abort();
  });
  const page = await context.newPage();
  const problems = problemsOf(page);
  cleanUp(page, () => expect([...problems, ...others]).toEqual([]));
  await page.goto(URL_OF_SITE + path);
  return page;
}

interface Built {
  readonly ids: ReadonlySet<string>;
  readonly links: readonly string[];
}

/** Reads every page of the built site. */
function builtPages(): ReadonlyMap<string, Built> {
  const read = (path: string): Built => {
    const html = readFileSync(join(SITE, path), "utf8");
    return {
      ids: new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id = ""]) => id)),
      links: [...html.matchAll(/ (?:href|src)="([^"]+)"/g)].map(([, link = ""]) => link),
    };
  };
  return new Map(globSync("**/*.html", { cwd: SITE }).map((path) => [path, read(path)]));
}

test("every link of the docs site leads to a page and a section that exist", () => {
  const pages = builtPages();
  const leads = (from: string, link: string): boolean => {
    const [path = "", anchor] = link.split("#").map(decodeURIComponent);
    const to = path === "" ? from : join(dirname(from), path);
    if (anchor) return pages.get(to)?.ids.has(anchor) ?? false;
    return (
      pages.has(to) || (!to.startsWith("..") && /\.\w+$/.test(to) && existsSync(join(SITE, to)))
    );
  };
  const dead = [...pages].flatMap(([from, { links }]) =>
    links
      .filter((link) => !/^(?:https?|mailto|data):/.test(link) && !leads(from, link))
      .map((link) => `${from}: ${link}`),
  );
  expect(pages.size).toBe(globSync("docs/**/*.md", { cwd: ROOT }).length);
  expect(dead).toEqual([]);
});

test("the sidebar has every page of docs, by section", async () => {
  const page = await open("index.html");
  const sidebar = page.getByRole("navigation", { name: "Pages" });
  expect(await sidebar.locator("summary").allTextContents()).toEqual(SECTIONS);
  const pages = globSync("docs/*/**/*.md", { cwd: ROOT });
  expect(await sidebar.locator("a").count()).toBe(pages.length);
});

test("a search for token bucket finds the page of algorithms", async () => {
  const page = await open("start/new-app.html");
  await page.keyboard.press("/");
  await page.keyboard.type("token bucket");
  await page
    .getByRole("link", { name: /^Algorithms/ })
    .first()
    .waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/concepts\/algorithms\.html/);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Algorithms");
});

test("the theme that a reader chooses holds on the next page", async () => {
  const page = await open("index.html", { colorScheme: "light" });
  const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
  const light = await paper();
  await page.getByRole("button", { name: "Dark theme" }).click();
  const dark = await paper();
  expect(dark).not.toBe(light);
  await page.goto(`${URL_OF_SITE}concepts/algorithms.html`);
  expect(await paper()).toBe(dark);
  expect(await page.getByRole("button", { name: "Dark theme", pressed: true }).count()).toBe(1);
});

/** Returns the faults of a page in both themes, and on a phone. */
async function defectsOf(path: string): Promise<readonly string[]> {
  const page = await open(path, { viewport: { width: 1280, height: 900 } });
  const found = await allFaults(page);
  // The theme changes only colours, and the width what scrolls.
  await page.emulateMedia({ colorScheme: "dark" });
  found.push(...(await allFaults(page, { runOnly: ["color-contrast"] })));
  await page.setViewportSize({ width: 375, height: 812 });
  found.push(...(await allFaults(page, { runOnly: ["scrollable-region-focusable"] })));
  const sideways = await overflow(page);
  if (sideways > 0) found.push(`scrolls ${sideways} px sideways`);
  return found.map((fault) => `${path}: ${fault}`);
}

test("pages of the docs site have no accessibility fault, and fit in a phone", async () => {
  const paths = ["index.html", "start/new-app.html", "reference/environment.html"];
  expect((await Promise.all(paths.map(defectsOf))).flat()).toEqual([]);
});
