import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DRAIN_MS } from "#lib/server/app-server";
import { withDefaults } from "#lib/gateway/limits";
import { ROOT } from "../../support/app.ts";
import { startRedis } from "../../support/redis.ts";
import { AUTH_SECRET } from "../../support/sign.ts";
import { searches, times, type PackedApp, type Variables } from "./package.ts";

/** Tests the units of systemd. */
export function testSystemd(packed: PackedApp): void {
  const { cleanUp, start } = packed;

  describe("the units of systemd", () => {
    const unit = (name: string) => readFileSync(join(ROOT, "docs", "operate", name), "utf8");
    const seconds = (text: string, key: string) =>
      Number(new RegExp(`^${key}=(\\d+)$`, "m").exec(text)?.[1]);

    /** Starts the program of a unit, with the unit's environment and a file of secrets. */
    async function startUnit(text: string, variables: Variables, own: Variables) {
      const credentials = cleanUp(mkdtempSync(join(tmpdir(), "headgate-credentials-")), (it) =>
        rmSync(it, { recursive: true }),
      );
      const [, command = "", file = "", program] =
        /^ExecStart=(\S+) --env-file=%d\/(\S+) (\S+)$/m.exec(text) ?? [];
      expect(command).toBe("/usr/bin/node");
      expect(text).toContain(`LoadCredential=${file}:/etc/headgate/${file}`);
      const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
      writeFileSync(join(credentials, file), lines.join(""));
      const [, words = ""] = /^Environment=(.*)$/m.exec(text) ?? [];
      const fixed = Object.fromEntries(words.split(" ").map((word) => word.split("=", 2)));
      return start({ ...fixed, ...own }, program, process.execPath, [
        `--env-file=${join(credentials, file)}`,
      ]);
    }

    test("the systemd units start files of the package, with secrets from a file", async () => {
      const redis = cleanUp(await startRedis(), (it) => it.stop());
      const token = "a-token-of-the-tests";
      const gateway = await startUnit(
        unit("headgate-gateway.service"),
        { REDIS_URL: redis.url, GATEWAY_TOKEN: token },
        { GATEWAY_PORT: "0" },
      );
      const app = await startUnit(
        unit("headgate@.service"),
        { UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: token, AUTH_SECRET },
        { PORT: "0" },
      );
      expect(app.output()).toContain("users    signed in by AUTH_SECRET");
      expect(app.output()).toContain("clients  counted by address, as CLIENT_IP_FROM=hops:1 says");
      const expected = [...times(10, 200), ...times(10, 429)];
      const from = { "x-forwarded-for": "203.0.113.9" };
      expect(
        await searches(
          times(20, 0).map(() => app.url),
          from,
        ),
      ).toEqual(expected);
    });

    test("the systemd units wait longer than a drain may take", () => {
      expect(seconds(unit("headgate@.service"), "TimeoutStopSec") * 1000).toBeGreaterThan(DRAIN_MS);
      expect(seconds(unit("headgate-gateway.service"), "TimeoutStopSec") * 1000).toBeGreaterThan(
        withDefaults().drainMs,
      );
    });
  });
}
