import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createControl } from "#lib/control";
import { shortKey } from "#lib/dashboard/page/numbers";
import { startBrowser } from "../support/browser.ts";
import { followingGate, serveControlled } from "../support/controlled-app.ts";
import { liveStore } from "../support/live-store.ts";
import { scope } from "../support/scope.ts";

const store = liveStore();
const cleanUp = scope();

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

const nameIn = ({ headers }: Request) => /name=(\w+)/.exec(headers.get("cookie") ?? "")?.[1];

/** An app with its dashboard, and a page of a person: the one called ada is an admin. */
async function open(name: string) {
  const gate = followingGate(store.store);
  const options = {
    authorize: (request: Request) => nameIn(request) !== undefined,
    admin: (request: Request) => (nameIn(request) === "ada" ? "ada" : undefined),
  };
  const app = cleanUp(await serveControlled(gate, options), (it) => it.stop());
  const context = cleanUp(await browser.newContext(), (it) => it.close());
  await context.addCookies([{ name: "name", value: name, url: app.url }]);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => problems.push(message.text()));
  await page.goto(`${app.url}/headgate`);
  await page.getByText("Nothing is set: only the policy decides.").waitFor();
  const search = async (address: string) => {
    const response = await fetch(`${app.url}/api/search`, {
      headers: { "x-forwarded-for": address },
    });
    await response.arrayBuffer();
    return response.status;
  };
  return { gate, page, problems, search };
}

const button = (page: Page, name: string | RegExp) =>
  page.getByRole("button", typeof name === "string" ? { name, exact: true } : { name });

/** The documented bound, with a margin for a busy machine. */
const SOON = { timeout: 10_000, interval: 250 };

test("an admin blocks a network, sees the entry's countdown, and lifts it, and requests are denied and allowed accordingly", async () => {
  const { gate, page, problems, search } = await open("ada");
  const form = page.getByRole("form", { name: "Set something" });
  const dialog = page.getByRole("dialog");
  await form.getByLabel("Client key, address or CIDR block").fill("203.0.113.9/24");
  await form.getByLabel("For").selectOption("15 minutes");
  await form.getByLabel("Reason").fill("a flood of logins");
  await form.getByLabel("Reason").press("Enter");
  await dialog.getByText("Block 203.0.113.9/24 for 15 minutes?").waitFor();
  await dialog.getByText("from its second request made two seconds later").waitFor();
  await button(page, "Block").click();
  await dialog.getByRole("alert").getByText("203.0.113.0/24").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  await form.getByLabel("Client key, address or CIDR block").fill("203.0.113.0/24");
  await button(page, "Continue").press("Enter");
  await dialog.getByText("Block 203.0.113.0/24 for 15 minutes?").waitFor();
  // The button that changes nothing has the focus.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("Done: Block 203.0.113.0/24 for 15 minutes.").waitFor();
  const entry = page.getByRole("listitem").filter({ hasText: "203.0.113.0/24" });
  await entry.getByText("by ada").waitFor();
  const left = () => entry.getByRole("time").innerText();
  const first = await left();
  expect(first).toMatch(/^1[45]:\d\d$/);
  await expect.poll(left).not.toBe(first);
  await expect.poll(() => search("203.0.113.7"), SOON).toBe(403);
  expect(await search("198.51.100.7")).toBe(200);

  await button(page, /^Lift/).click();
  await button(page, "Lift").click();
  await page.getByText("Nothing is set: only the policy decides.").waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("in-force");
  await expect.poll(() => search("203.0.113.8"), SOON).toBe(200);
  const log = await createControl(gate).log();
  expect(log.map(({ action, by, reason }) => [action, by, reason])).toEqual([
    ["remove", "ada", ""],
    ["set", "ada", "a flood of logins"],
  ]);
  // The browser itself notes the answer of 400.
  expect(problems.filter((each) => !each.includes("status of 400"))).toEqual([]);
});

test("an admin looks up a denied client, raises its limit, and resets it", async () => {
  const { gate, page, problems, search } = await open("ada");
  const key = gate.keyedHash("ip", "203.0.113.7");
  for (let i = 0; i < 3; i += 1) await search("203.0.113.7");
  await button(page, `Look up client key ${shortKey(key)}`).click();
  const client = page.getByRole("region", { name: "One client" });
  await client.getByText(/^denied, over search:ip:day; capacity again in/).waitFor();
  const cells = () => client.getByRole("row", { name: "search:ip:day" }).getByRole("cell");
  expect((await cells().allInnerTexts()).slice(0, 3)).toEqual(["2", "2", "0"]);

  await button(page, "Set another limit").click();
  const form = page.getByRole("form", { name: "Set something" });
  expect(await form.getByLabel("Client key or address").inputValue()).toBe(key);
  await form.getByLabel("Rule").selectOption("search");
  await form.getByRole("combobox", { name: "Limit", exact: true }).selectOption("search:ip:day");
  await form.getByLabel("Units, a factor, or unlimited").fill("5");
  await form.getByLabel("Reason").fill("a good customer");
  await button(page, "Continue").click();
  await button(page, "Set limit").click();
  await client.getByText("search:ip:day: 5 for").waitFor();
  await expect.poll(() => search("203.0.113.7"), SOON).toBe(200);

  await button(page, "Reset").click();
  await page.getByRole("dialog").getByRole("button", { name: "Reset" }).click();
  await page.getByText(/Done: Reset .* counts are deleted\./).waitFor();
  await client.getByText("No limit has counted this client.").waitFor();
  expect(problems).toEqual([]);
});

test("a viewer sees the control entries and looks clients up, and has no controls to change them", async () => {
  const { gate, page } = await open("bob");
  await createControl(gate).mode("shadow", { for: "1h", reason: "a trial", by: "ada" });
  await page.getByText("everything: shadow").waitFor();
  await page.getByText("The mode of all rules is set to shadow.").waitFor();
  await page.getByLabel("Client key").fill("nonsense");
  await button(page, "Look up").click();
  await page.getByText("the 22 characters from a line of the log").waitFor();
  expect(await page.getByRole("form").count()).toBe(0);
  expect(await button(page, /^(?:Lift|Block|Allow|Reset)/).count()).toBe(0);
});
