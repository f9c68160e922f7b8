import { describe, expect, test } from "vitest";
import { PATIENT, type GuidesApp } from "./app.ts";

type Client = ReturnType<GuidesApp["newClient"]>;

/** Tests the login of the guides. */
export function testLogin(guides: GuidesApp): void {
  const { newClient, newPage } = guides;

  describe("a login", () => {
    const RIGHT = "correct horse";
    const attempt = (call: Client, account: string, password: string) =>
      call("/api/login", new URLSearchParams({ account, password }));

    test("a login counts failed attempts for the account, in each spelling and from each address", async () => {
      const call = newClient();
      const wrong = ["eve@example.com", "EVE@example.com", " eve@example.com", "eve@example.com"];
      for (const account of wrong) expect((await attempt(call, account, "guess")).status).toBe(403);
      expect((await attempt(newClient(), "eve@example.com", "guess")).status).toBe(403);
      const denied = await attempt(newClient(), "Eve@example.com", "guess");
      expect(denied.status).toBe(429);
      expect(Number(denied.headers.get("retry-after"))).toBeGreaterThan(880);
      expect(denied.headers.get("ratelimit-policy")).not.toContain('"login:');
      expect(await denied.json()).toEqual({
        type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
        title: "Too many attempts",
        status: 429,
      });
    });

    test("a login counts no success, and failed attempts at any account for the address", async () => {
      const call = newClient();
      for (let sent = 0; sent < 6; sent += 1) {
        expect((await attempt(call, "ada@example.com", RIGHT)).status).toBe(200);
      }
      for (let sent = 0; sent < 20; sent += 1) {
        expect((await attempt(call, `account-${sent}@example.com`, "guess")).status).toBe(403);
      }
      expect((await attempt(call, "ada@example.com", RIGHT)).status).toBe(429);
      expect((await attempt(newClient(), "ada@example.com", RIGHT)).status).toBe(200);
    });

    test("the form of a login shows each result", async () => {
      const { page } = await newPage(true, "/login");
      const signIn = async (password: string) => {
        await page.getByLabel("Account").fill("mallory@example.com");
        await page.getByLabel("Password").fill(password);
        await page.getByRole("button", { name: "Sign in" }).click();
      };
      const output = () => page.locator("output").innerText();
      for (let sent = 0; sent < 5; sent += 1) {
        await signIn(`guess ${sent}`);
        await expect.poll(() => page.getByLabel("Password").inputValue(), PATIENT).toBe("");
        expect(await output()).toBe("The account or the password is wrong.");
      }
      await signIn("guess");
      await expect
        .poll(output, PATIENT)
        .toMatch(/^There were too many attempts. Please try again in (14|15) min\.$/);
    });
  });
}
