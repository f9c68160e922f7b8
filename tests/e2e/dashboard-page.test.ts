import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AxeResults, RunOptions } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../support/app.ts";
import { startBrowser } from "../support/browser.ts";
import { historyAt, manyRules, minuteAt, snapshotAt } from "../support/dashboard-fixture.ts";
import { CLIENT_KEY, controlAt } from "../support/dashboard-control.ts";
import { DashboardServer } from "../support/dashboard-server.ts";
import { type State, STATES } from "../support/dashboard-states.ts";
import { overflow, type View } from "../support/page.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const AXE = readFileSync(join(ROOT, "node_modules", "axe-core", "axe.min.js"), "utf8");
const well: State = {
  snapshot: (now) => snapshotAt(now),
  history: (now) => historyAt(now, manyRules(8)),
  words: ["live by Redis Pub/Sub"],
};

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

/** Opens the page of a server, and records the errors of the page. */
async function open(sent: Omit<State, "words"> = well, view: View = {}) {
  const server = cleanUp(await new DashboardServer(sent).start(), (it) => it.stop());
  const context = cleanUp(await browser.newContext(view), (it) => it.close());
  const page = await context.newPage();
  const problems = problemsOf(page);
  await page.goto(server.url);
  return { server, context, page, problems };
}

/** Errors, and violations of the page's policy. The browser itself reports a server that is unavailable. */
function problemsOf(page: Page): readonly string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    const isAnswer = message.location().url.endsWith("/live.sse");
    if (message.type() !== "log" && !isAnswer) problems.push(message.text());
  });
  return problems;
}

/** Every accessibility fault that axe finds. The debugger may run scripts that the page's policy forbids. */
async function faultsOf(page: Page, options: RunOptions = {}): Promise<readonly string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(`${AXE}; undefined`);
  const asked = JSON.stringify({ resultTypes: ["violations"], elementRef: false, ...options });
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${asked})`);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** The faults of a page in the light and the dark scheme, on a wide screen and on a phone. */
async function defectsOf(page: Page): Promise<readonly string[]> {
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

const chartOf = (page: Page, name: RegExp) => page.getByRole("img", { name });
const labelOf = (page: Page, name: RegExp) => chartOf(page, name).getAttribute("aria-label");
const DENIED = /denied: last/;

describe("in both schemes and widths", () => {
  test.each(Object.entries(STATES))("the page has no fault when it shows %s", async (_, sent) => {
    const { page, problems } = await open(sent);
    for (const words of sent.words) await page.getByText(words).last().waitFor();
    expect(await defectsOf(page)).toEqual([]);
    expect(problems).toEqual([]);
  });

  test("the page is drawn before the first numbers, and when no numbers arrive", async () => {
    const { server, page } = await open({ snapshot: () => undefined, history: undefined });
    await page.getByText("Loading the numbers…").waitFor();
    expect(await defectsOf(page)).toEqual([]);
    server.script.status = 503;
    await page.reload();
    await page.getByText("No number has arrived yet.").waitFor();
    expect(await defectsOf(page)).toEqual([]);
  });

  test("the page is drawn without access and without a connection", async () => {
    const { server, page } = await open();
    await page.getByText("shop-production").waitFor();
    server.script.status = 403;
    server.endStreams();
    await page.getByText("Sign in again, then reload.").waitFor();
    expect(await defectsOf(page)).toEqual([]);
    server.script.status = 200;
    await page.reload();
    await page.getByText("shop-production").waitFor();
    await server.stop();
    await page.getByText("The numbers below").waitFor();
    expect(await defectsOf(page)).toEqual([]);
  });
});

test("entries, a client, the form and the confirmation dialog are drawn in both schemes and widths", async () => {
  const { page, problems } = await open({ ...well, control: (now) => controlAt(now) });
  await page.getByLabel("Client key", { exact: true }).fill(CLIENT_KEY);
  await page.getByRole("button", { name: "Look up", exact: true }).click();
  await page.getByText("denied, over search:user|ip:minute; capacity again in 37 s").waitFor();
  await page.getByRole("combobox", { name: "Set", exact: true }).selectOption("another limit");
  await page.getByRole("combobox", { name: "Rule", exact: true }).selectOption("artists");
  expect(await defectsOf(page)).toEqual([]);
  const reset = page.getByRole("button", { name: "Reset" });
  await reset.press("Enter");
  const dialog = page.getByRole("dialog", { name: `Reset ${CLIENT_KEY}?` });
  await dialog.getByText("All counts of this client are deleted").waitFor();
  expect(await dialog.getByRole("button", { name: "Cancel" }).evaluate(hasFocus)).toBe(true);
  expect(await defectsOf(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Reset" }).click();
  // This server accepts no change.
  await dialog.getByRole("alert").getByText("You no longer have access.").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await reset.evaluate(hasFocus)).toBe(true);
  expect(problems.filter((each) => !each.includes("status of 404"))).toEqual([]);
});

function hasFocus(element: Element): boolean {
  return document.activeElement === element;
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

describe("the chart", () => {
  test("the chart changes with each snapshot", async () => {
    let denied = 5;
    const { page, problems } = await open({
      ...well,
      snapshot: (now) => snapshotAt(now, { minutes: [minuteAt(now, "search", denied)] }),
    });
    await expect.poll(() => labelOf(page, DENIED)).toMatch(/denied: last 5, /);
    denied = 1234;
    await expect.poll(() => labelOf(page, DENIED)).toMatch(/denied: last 1,234, most 1,234 at/);
    expect(problems).toEqual([]);
  });

  test("the chart redraws its lines for the other scheme and width", async () => {
    const { page } = await open(well, { colorScheme: "light" });
    await chartOf(page, DENIED).waitFor();
    const colors = () => colorsOf(page);
    const [blue, red] = [[0, 106, 138].join(), [179, 38, 30].join()];
    await expect.poll(colors).toEqual(expect.arrayContaining([blue, red]));
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(colors).toContain([84, 199, 234].join());
    expect(await colors()).not.toContain(blue);
    await page.setViewportSize({ width: 375, height: 800 });
    const canvas = page.locator("canvas").first();
    await expect.poll(async () => (await canvas.boundingBox())?.width).toBeLessThan(375);
  });

  test("the chart shows values under the pointer, and hides a line on a click", async () => {
    const { page } = await open();
    const plot = chartOf(page, DENIED);
    await plot.scrollIntoViewIfNeeded();
    const legend = page.locator(".legend").last();
    await legend.getByText("still running").waitFor();
    await plot.hover({ position: { x: 200, y: 60 } });
    await legend.getByText("still running").waitFor({ state: "detached" });
    const denied = legend.getByRole("button", { name: "denied" });
    await denied.press("Enter");
    expect(await denied.getAttribute("aria-pressed")).toBe("false");
  });

  test("the chart can be chosen, changed and read as a table by keyboard alone", async () => {
    const { page } = await open();
    await page.getByRole("button", { name: "webhooks" }).press("Enter");
    await chartOf(page, /^Decisions of webhooks, by minute, last hour\. allowed/).waitFor();
    await page.getByRole("radio", { name: "last hour" }).press("ArrowRight");
    await chartOf(page, /^Decisions of webhooks, by ten minutes, last day\. allowed/).waitFor();
    await page.getByLabel("Chart of").selectOption("sync");
    await page.getByRole("radio", { name: "last day" }).press("ArrowLeft");
    const figure = page.getByRole("figure", { name: "Decisions of sync, by minute, last hour" });
    await figure.getByRole("button", { name: "Show as table" }).press("Space");
    const table = figure.getByRole("region", { name: /as a table$/ });
    expect(await table.getByRole("row").count()).toBe(61);
    expect(await table.getByRole("columnheader").allInnerTexts()).toEqual([
      "time",
      "allowed",
      "denied",
      "would deny",
      "degraded",
    ]);
    await table.focus();
    await page.keyboard.press("End");
    await expect.poll(() => table.evaluate((it) => it.scrollTop)).toBeGreaterThan(100);
    await expect.poll(() => faultsOf(page)).toEqual([]);
    await figure.getByRole("button", { name: "Show as table" }).press("Space");
    await chartOf(page, /^Decisions of sync/)
      .first()
      .waitFor();
  });
});

/** The colours of all opaque pixels of the charts. */
function colorsOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const seen = new Set<string>();
    for (const canvas of document.querySelectorAll("canvas")) {
      const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
      for (let i = 0; data && i < data.length; i += 4)
        if (data[i + 3] === 255) seen.add(data.slice(i, i + 3).join());
    }
    return [...seen];
  });
}

describe("the connection", () => {
  const status = (page: Page) => page.getByRole("status").innerText();

  test("the page recovers after the server was unavailable, and a screen reader is told of both", async () => {
    const { server, page, problems } = await open();
    await page.getByText("shop-production").waitFor();
    expect(await status(page)).toBe("");
    await server.stop();
    await page.getByText(/The numbers below are \d+ s old\./).waitFor();
    expect(await status(page)).toBe("The app does not answer; trying again.");
    expect(await page.locator(".numbers.stale").count()).toBe(1);
    expect(await page.getByRole("button", { name: "webhooks" }).count()).toBe(1);
    const before = await ageShown(page);
    await expect.poll(() => ageShown(page)).toBeGreaterThan(before);
    await server.start();
    await page.locator(".stale").waitFor({ state: "detached" });
    expect(await status(page)).toBe("All is well again.");
    expect(problems).toEqual([]);
  });

  test("the page reconnects silently when a stream ends", async () => {
    const { server, page } = await open();
    await page.getByText("shop-production").waitFor();
    server.endStreams();
    await expect.poll(() => server.opened).toBe(2);
    await expect.poll(() => ageShown(page)).toBeLessThan(2);
    expect(await status(page)).toBe("");
  });

  test("the page says that access ended, and reconnects when the network returns", async () => {
    const { server, page, context } = await open();
    await page.getByText("shop-production").waitFor();
    server.script.status = 401;
    server.endStreams();
    await page.getByText("Sign in again, then reload.").waitFor();
    expect(await status(page)).toBe("You no longer have access.");
    server.script.status = 200;
    await context.setOffline(true);
    await context.setOffline(false);
    await page.locator(".stale").waitFor({ state: "detached" });
  });

  test("a hidden page closes its stream, and opens it when it is shown again", async () => {
    const server = cleanUp(await new DashboardServer(well).start(), (it) => it.stop());
    const page = cleanUp(await browser.newPage(), (it) => it.close());
    await page.clock.install();
    await page.goto(server.url);
    await page.getByText("shop-production").waitFor();
    await setVisibility(page, "hidden");
    expect(server.streaming).toBe(1);
    await page.clock.fastForward(61_000);
    await expect.poll(() => server.streaming).toBe(0);
    await setVisibility(page, "visible");
    await expect.poll(() => server.streaming).toBe(1);
  });

  function setVisibility(page: Page, state: DocumentVisibilityState): Promise<unknown> {
    return page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      return document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  }

  test("the page shows the right age of numbers in a browser with a wrong clock", async () => {
    const server = cleanUp(await new DashboardServer(well).start(), (it) => it.stop());
    const page = cleanUp(await browser.newPage(), (it) => it.close());
    await page.clock.setFixedTime(new Date("2001-01-01"));
    await page.goto(server.url);
    await expect.poll(() => ageShown(page)).toBeLessThan(3);
  });

  function ageShown(page: Page): Promise<number> {
    return page
      .getByText(/^as of \d+ s ago$/)
      .innerText()
      .then((text) => Number(/\d+/.exec(text)));
  }
});

test("the page works with a snapshot of another version", async () => {
  let isOld = true;
  const { page, problems } = await open({
    ...well,
    snapshot: (now) =>
      isOld ? { sentAt: now, store: { state: "melting" }, new: [1] } : well.snapshot(now),
  });
  await page.getByText("melting").waitFor();
  isOld = false;
  await page.getByText("shop-production").waitFor();
  expect(problems).toEqual([]);
});

test("names of rules, keys and namespaces are shown as text, never as HTML", async () => {
  const nasty = '<img src=x onerror="document.title=1">';
  const rules = manyRules(3, [nasty, "__proto__", "constructor"]);
  const { page, problems } = await open({
    snapshot: (now) =>
      snapshotAt(now, {
        namespace: nasty,
        rules,
        denied: [{ rule: nasty, clients: [{ key: nasty, denied: 1 }] }],
      }),
    history: (now) => historyAt(now, rules),
  });
  await page.getByRole("button", { name: nasty }).first().click();
  await chartOf(page, DENIED).waitFor();
  expect(await labelOf(page, DENIED)).toContain(`Decisions of ${nasty}`);
  await page.getByRole("button", { name: "constructor" }).click();
  await expect.poll(() => labelOf(page, DENIED)).toContain("Decisions of constructor");
  expect(await page.locator("img").count()).toBe(0);
  expect(await page.title()).toBe("Headgate");
  expect(problems).toEqual([]);
});

test("selected controls differ from others in forced colours", async () => {
  const { page } = await open(well, { forcedColors: "active" });
  await page.getByRole("radio", { name: "last hour" }).waitFor();
  const groundsOf = (place: string) =>
    page
      .locator(place)
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).backgroundColor));
  for (const place of [".switch span", ".rules tbody th"]) {
    const [chosen, ...others] = await groundsOf(place);
    expect(others.length).toBeGreaterThan(0);
    expect(others).not.toContain(chosen);
  }
});

test("times are in the viewer's time zone, and the page names the zone", async () => {
  const { page } = await open(
    { ...well, snapshot: (now) => snapshotAt(now, { deniedSince: Date.UTC(2026, 10, 29, 14) }) },
    { timezoneId: "Asia/Tokyo" },
  );
  await page.getByText("Asia/Tokyo (GMT+9)").waitFor();
  const since = page.locator("time", { hasText: "23:00" }).first();
  expect(await since.getAttribute("datetime")).toBe("2026-11-29T14:00:00.000Z");
});

test("a client key is shown in full on focus, and can be copied", async () => {
  const { page, context } = await open();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const copy = page.getByRole("button", { name: /^Copy client key / }).first();
  const key = /key (.+)$/.exec((await copy.getAttribute("aria-label")) ?? "")?.[1] ?? "";
  expect(key).toHaveLength(24);
  const whole = page.getByText(key, { exact: true });
  expect(await whole.isVisible()).toBe(false);
  await copy.focus();
  await whole.waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("Copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
});

test("the page stays usable with 200 rules", async () => {
  const rules = manyRules(200);
  const { page, problems } = await open(
    { snapshot: (now) => snapshotAt(now, { rules }), history: (now) => historyAt(now, rules) },
    { viewport: { width: 1280, height: 900 } },
  );
  await page.getByText("200 of 200 rules").waitFor();
  const table = page.getByRole("region", { name: "Rules and their decisions" });
  expect((await table.boundingBox())?.height).toBeLessThan(700);
  await page.getByLabel("Find a rule").fill("rule-19");
  await page.getByText("11 of 200 rules").waitFor();
  await table.locator("button", { hasText: "rule-199" }).click();
  await chartOf(page, /^Decisions of rule-199/)
    .first()
    .waitFor();
  await page.getByLabel("Order").selectOption("denied");
  await expect.poll(() => table.locator("tbody th").nth(1).innerText()).toBe("rule-198");
  expect(problems).toEqual([]);
});
