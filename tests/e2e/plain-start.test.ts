import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildOnce } from "#app/_programs/build";
import { ROOT, startProgram } from "../support/app.ts";
import { startStore } from "../support/gateway.ts";
import { MACHINE } from "../support/machine.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const NEXT = join(ROOT, "node_modules", "next", "dist", "bin", "next");
const START = [NEXT, "start", "-p", "0", "-H", "127.0.0.1"];

beforeAll(() => buildOnce(ROOT, () => {}));

async function storeVariables(): Promise<Record<string, string>> {
  const store = cleanUp(await startStore(), (it) => it.stop());
  return { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token };
}

describe("plain next start", () => {
  test("next start does not start without a source of client addresses, and prints what to do", async () => {
    const env = { ...MACHINE, NODE_ENV: "production" as const, ...(await storeVariables()) };
    const child = cleanUp(spawn(process.execPath, START, { cwd: ROOT, env }), (it) => it.kill());
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    expect(await once(child, "close")).toEqual([1, null]);
    expect(said).toContain("CLIENT_ADDRESS_UNKNOWN");
    expect(said).toContain("set CLIENT_IP_FROM to hops:n (behind n proxies, from 1 to 99)");
    expect(said).toContain("docs/guides/client-address.md");
  });

  test("next start behind a proxy counts the address that the proxy reports, whatever a client claims", async () => {
    const env = { ...(await storeVariables()), CLIENT_IP_FROM: "hops:1" };
    const app = cleanUp(await startProgram(START, env), (it) => it.stop());
    const ask = (forwarded: string) =>
      fetch(`${app.url}/api/search`, {
        headers: {
          "x-forwarded-for": forwarded,
          "x-real-ip": forwarded,
          "x-headgate-socket": `nonce ${forwarded}`,
        },
      });
    const statuses: number[] = [];
    for (let i = 0; i < 11; i += 1) {
      statuses.push((await ask(`198.51.100.${i}, 203.0.113.9`)).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 429]);
    expect((await ask("203.0.113.9, 203.0.113.10")).status).toBe(200);
  });

  test("next start logs once that the header of CLIENT_IP_FROM is missing", async () => {
    const env = { ...(await storeVariables()), CLIENT_IP_FROM: "cloudflare" };
    const app = cleanUp(await startProgram(START, env), (it) => it.stop());
    for (let i = 0; i < 3; i += 1) {
      const answer = await fetch(`${app.url}/api/analytics/counts?artistId=artist-1`);
      // Requests without the header are one client, and stay limited.
      expect(answer.headers.get("ratelimit")).toContain(`"api:ip:minute";r=${599 - i}`);
    }
    await expect.poll(() => app.output()).toContain("CLIENT_ADDRESS_HEADER_ABSENT");
    expect(app.output().match(/CLIENT_ADDRESS_HEADER_ABSENT/g)).toHaveLength(1);
  });
});
