import { describe, expect, test } from "vitest";
import { bearer, isAllowed, newAddress, tokenOf } from "./client.ts";
import type { Guard } from "./guard.ts";

/** Tests whom the guard counts. */
export function testClients(guard: Guard): void {
  const { runtime } = guard;

  describe("a client", () => {
    test("a client is counted by its address, and by network for IPv6", async () => {
      expect(isAllowed(await guard.clientOf("2001:db8:1:2::1")("/mine"))).toBe(true);
      expect((await guard.clientOf("2001:db8:1:2:f::2")("/mine")).status).toBe(429);
      expect(isAllowed(await guard.clientOf("2001:db8:1:3::1")("/mine"))).toBe(true);
    });

    test("a client with a valid token is counted by user, at any address", async () => {
      const ada = bearer(await tokenOf(`ada of ${runtime}`));
      const address = newAddress();
      expect(isAllowed(await guard.clientOf(address)("/mine", ada))).toBe(true);
      expect((await guard.clientOf()("/mine", ada)).status).toBe(429);
      const bob = bearer(await tokenOf(`bob of ${runtime}`));
      expect(isAllowed(await guard.clientOf(address)("/mine", bob))).toBe(true);
    });

    test("a client with an invalid token is counted by address", async () => {
      const send = guard.clientOf();
      const forged = (user: string) => tokenOf(user, "another secret, which signs nothing here");
      expect(isAllowed(await send("/mine", bearer(await forged("one"))))).toBe(true);
      expect((await send("/mine", bearer(await forged("two")))).status).toBe(429);
      expect((await send("/mine", bearer("no token at all"))).status).toBe(429);
    });

    test("a client whose identity cannot be resolved is counted by address", async () => {
      const send = guard.clientOf();
      expect(isAllowed(await send("/broken"))).toBe(true);
      expect((await send("/broken")).status).toBe(429);
    });
  });
}
