import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import type { EachStore } from "../../support/on-each-store.ts";
import { during, leasedPairs, order, STEADY, WINDOW } from "./leases.ts";

/** Tests that the claim of a process that is killed ends with its lease. */
export function testKilled(store: EachStore): void {
  const pair = leasedPairs(store);
  const children = new Set<ChildProcess>();
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  async function start(of: "once" | "idempotent") {
    const { one, other, healthy, redis } = await pair();
    const { url, token } = store;
    const options = { url, token, namespace: one.namespace, of, lease: String(STEADY) };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const file = join(import.meta.dirname, "../../fixtures/leased-work.ts");
    const child = spawn(process.execPath, [file, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.add(child);
    await once(child.stdout, "data");
    const kill = async () => {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error("The process has ended.");
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
      children.delete(child);
    };
    return { other, idempotent: healthy.idempotent, redis, kill };
  }

  test("a process that runs work of once holds its claim for its lifetime and one lease", async ({
    expect,
  }) => {
    const { other, kill } = await start("once");
    const ran = async () => (await other.once("job", { window: WINDOW }, async () => 2)).ran;
    expect(await during(1.5 * STEADY, ran)).toEqual([false]);
    await kill();
    await expect.poll(ran).toBe(true);
  });

  test("a process that streams a response holds its request for its lifetime and one lease", async ({
    expect,
  }) => {
    const { idempotent, kill } = await start("idempotent");
    const there = idempotent(() => new Response("done"), { caller: () => "ada" });
    const status = async () => (await there(order())).status;
    expect(await during(1.5 * STEADY, status)).toEqual([409]);
    await kill();
    await expect.poll(status).toBe(200);
  });
}
