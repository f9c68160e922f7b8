import { describe, expect, test } from "vitest";
import { NAMESPACE } from "../../support/app.ts";
import { spellings } from "../../support/identifiers.ts";
import { CLIENTS, HOSTILE } from "./clients.ts";
import { INSTAGRAM_TOKEN, lineOf, type LoadedApp } from "./loaded.ts";

/** Tests that the search for identifiers finds them. */
export function testSearch(loaded: LoadedApp): void {
  describe("the search for identifiers", () => {
    const user = "ada-lovelace";
    const [v4 = "", , v6 = ""] = CLIENTS.map(({ address }) => address);

    test.each([
      ["a user", user],
      ["in capitals", user.toUpperCase()],
      ["in base64", Buffer.from(`{"sub":"${user}"}`).toString("base64")],
      ["in base64, one further", Buffer.from(`{"user":"${user}"}`).toString("base64url")],
      ["in hex", Buffer.from(user).toString("hex").toUpperCase()],
      ["within a user's plain hash", spellings(user).at(-1) ?? ""],
      ["an address", `for=${v4}`],
      ["an address as a number", "3405803953"],
      ["an address in IPv6", "::ffff:cb00:71b1"],
      ["a network", "2001:db8:77:1b::/64"],
      ["a network in full", "2001:0DB8:0077:001B"],
      ["an address in full", v6],
      ["control characters", HOSTILE[1] ?? ""],
      ["control characters of JSON", JSON.stringify(HOSTILE[2])],
      ["another composition", (HOSTILE[3] ?? "").normalize("NFC")],
    ])("the search for identifiers finds %s in a command", async (_, planted) => {
      const before = loaded.watch.seen.length;
      await loaded.direct.set(`${NAMESPACE}:lock:planted`, `held by ${planted}.`, "PX", 60_000);
      await loaded.watch.settle();
      const found = loaded.watch.seen.slice(before).map((seen) => loaded.find(lineOf(seen)));
      expect(found.some((name) => name !== undefined)).toBe(true);
      await loaded.direct.del(`${NAMESPACE}:lock:planted`);
    });

    test("the search for identifiers finds a secret, and finds nothing in a client key", () => {
      expect(loaded.findOther(`x${INSTAGRAM_TOKEN}x`)).toBe(INSTAGRAM_TOKEN);
      expect(
        loaded.find(`${NAMESPACE}:rate_limit:{0Vb6c1H2qk3mT4w5x6y7zA}:search:ip:60000:2`),
      ).toBeUndefined();
    });
  });
}
