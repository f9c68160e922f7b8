import { describe, expect, test } from "vitest";
import { limitsOf } from "./limits.ts";
import { newAddress, type World } from "./world.ts";

/** Headers that servers trust to name the client. */
const CLAIMS = [
  "x-forwarded-for",
  "x-real-ip",
  "x-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "x-vercel-forwarded-for",
  "forwarded",
];

export function describeAddresses(world: World): void {
  const claims = (address: string) => {
    const told = world.target.from("");
    const free = CLAIMS.filter((name) => !Object.hasOwn(told, name));
    return {
      ...Object.fromEntries(
        free.map((name) => [name, name === "forwarded" ? `for=${address}` : address]),
      ),
      "x-headgate-socket": `nonce ${address}`,
    };
  };
  const remainingFor = async (address: string, headers?: Record<string, string>) => {
    const answer = await world.ask("/api/analytics/counts", {
      address,
      ...(headers && { headers }),
    });
    return limitsOf(answer).find(([name]) => name === "api:ip:minute")?.[1];
  };

  describe("addresses", () => {
    test("a client is counted by the address that the platform names, whatever the client claims", async () => {
      const address = newAddress();
      expect(await remainingFor(address)).toBe(599);
      expect(await remainingFor(address, claims(newAddress()))).toBe(598);
      expect(await remainingFor(address, claims(newAddress()))).toBe(597);
      expect(await remainingFor(newAddress(), claims(address))).toBe(599);
    });

    test("addresses of one IPv6 network are one client, and an IPv4-mapped address is its IPv4 address", async () => {
      expect(await remainingFor("2001:db8:7:7::1")).toBe(599);
      expect(await remainingFor("2001:db8:7:7:ffff::2")).toBe(598);
      expect(await remainingFor("2001:db8:7:8::1")).toBe(599);
      const address = newAddress();
      expect(await remainingFor(address)).toBe(599);
      expect(await remainingFor(`::ffff:${address}`)).toBe(598);
    });
  });
}
