import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { createKeyedHash } from "#lib/identity/keyed-hash";
import { keyNames } from "#lib/redis/keys";
import { clientEntry, writeEntries } from "../../support/live-gate.ts";
import { bearer, clientOf, reported, newAddress, PATIENTLY, tokenOf } from "./client.ts";
import type { Guard } from "./guard.ts";
import { scope } from "../../support/scope.ts";
import { bindingsFor } from "./bindings.ts";

/** Tests a new worker under concurrent requests. */
export function testAtOnce(guard: Guard): void {
  const { startWith } = guard;
  const cleanUp = scope();

  test("control entries hold when many requests are the first at once", async () => {
    const bindings = { ...bindingsFor(guard.store), LIVE: "1" };
    const direct = cleanUp(new Redis(guard.store.redis.url), (it) => it.disconnect());
    const gate = { keys: keyNames(bindings.NAMESPACE) };
    const ada = clientEntry({ keyedHash: createKeyedHash(bindings.SECRET) }, "user", "ada");
    await writeEntries(direct, gate, {
      network: { kind: "block", network: "203.0.113.0/24" },
      more: { kind: "override", rule: "mine", to: 3, ...ada },
    });
    const fresh = await startWith(bindings);
    const burst = () =>
      Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const address = i % 2 === 0 ? newAddress() : `203.0.113.${i}`;
          return (await clientOf(fresh, address)("/burst")).status;
        }),
      );
    // A request of the first burst may come after the control entries were loaded.
    const first = await burst();
    expect(first.map((status) => (status === 403 ? 200 : status))).toEqual(first.map(() => 200));
    const blocked = clientOf(fresh, "203.0.113.99");
    await expect.poll(async () => (await blocked("/elsewhere")).status, PATIENTLY).toBe(403);
    expect(await burst()).toEqual(Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? 200 : 403)));
    const ofAda = bearer(await tokenOf("ada"));
    const mine = [];
    for (let i = 0; i < 4; i += 1) mine.push((await clientOf(fresh)("/mine", ofAda)).status);
    expect(mine).toEqual([200, 200, 200, 429]);
    expect(await reported(clientOf(fresh))).not.toContain("failure of control");
  });

  test("a new worker allows each client exactly its limit among 200 concurrent requests", async () => {
    const fresh = await startWith({});
    const addresses = Array.from({ length: 5 }, newAddress);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        const address = addresses[i % addresses.length] ?? "";
        return clientOf(fresh, address)("/burst").then(({ status }) => ({ address, status }));
      }),
    );
    const count = (address: string, status: number) =>
      answers.filter((each) => each.address === address && each.status === status).length;
    expect(addresses.map((address) => [count(address, 200), count(address, 429)])).toEqual(
      addresses.map(() => [20, 20]),
    );
  });
}
