import { describe, expect, test } from "vitest";
import { PATIENT, type GuidesApp } from "./app.ts";

/** Tests limits in Server Actions, in a browser. */
export function testActions(guides: GuidesApp): void {
  const { newPage } = guides;

  describe.each([
    ["with JavaScript", true],
    ["without JavaScript", false],
  ])("a Server Action %s", (_, javaScript) => {
    test("a Server Action that denies a request itself keeps the form", async () => {
      const { page, send } = await newPage(javaScript);
      const output = page.locator("output");
      const email = `${javaScript ? "on" : "off"}@example.org`;
      for (const spelling of [email, email.toUpperCase(), ` ${email}`]) {
        await send(spelling);
        await expect
          .poll(() => page.getByLabel("Your e-mail address").inputValue(), PATIENT)
          .toBe("");
        expect(await output.innerText()).toBe("Sent.");
      }
      await send(email);
      await expect
        .poll(() => output.innerText(), PATIENT)
        .toMatch(/^Too many messages. Please try again in (59|60) min\.$/);
      expect(await page.getByLabel("Your e-mail address").inputValue()).toBe(email);
      await send("another@example.org");
      await expect.poll(() => output.innerText(), PATIENT).toBe("Sent.");
    });
  });

  describe("a Server Action that the edge denies", () => {
    async function denied(javaScript: boolean) {
      const opened = await newPage(javaScript);
      await opened.page.evaluate(() =>
        Promise.all(Array.from({ length: 8 }, () => fetch("/contact", { method: "POST" }))),
      );
      await opened.send("reader@example.org");
      return opened.page;
    }

    test("a Server Action that the edge denies shows the gate's text, and the form returns", async () => {
      const page = await denied(true);
      await expect
        .poll(() => page.getByRole("alert").first().innerText(), PATIENT)
        .toMatch(/^Too many requests were made. Please try again in (\d\d? seconds|1 minute)\.$/);
      await page.getByRole("button", { name: "Back to the form" }).click();
      await expect.poll(() => page.getByRole("button", { name: "Send" }).count(), PATIENT).toBe(1);
    });

    test("a Server Action that the edge denies shows Headgate's page without JavaScript", async () => {
      const page = await denied(false);
      await expect
        .poll(() => page.getByRole("heading").innerText(), PATIENT)
        .toBe("Too many requests");
    });
  });
}
