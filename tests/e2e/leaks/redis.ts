import { describe, expect, test } from "vitest";
import { NAMESPACE } from "../../support/app.ts";
import { builtRoutes, takes } from "../../support/load.ts";
import { CLIENTS } from "./clients.ts";
import { lineOf, type LoadedApp } from "./loaded.ts";
import { everyKey, FORM, isEnding, valueOf } from "./keys.ts";

/** Tests what the commands, keys and values of Redis hold after the load. */
export function testRedis(loaded: LoadedApp): void {
  describe("after a load of all clients over all routes", () => {
    test("every route got a request that it accepts", () => {
      const { statuses } = loaded.answers;
      expect([...statuses.keys()].toSorted()).toEqual(builtRoutes().toSorted());
      expect(builtRoutes()).toContain("/api/search");
      const untaken = [...statuses].filter(([path, heard]) => !heard.some((it) => takes(path, it)));
      expect(untaken).toEqual([]);
      expect(statuses.get("/api/onboarding/finalize")).toContain(201);
      expect(statuses.get("/api/dashboard/profile/delete")).toContain(429);
      const failed = [...statuses].filter(([, heard]) => heard.some((it) => it >= 500));
      expect(failed).toEqual([]);
    });

    test("the load used limits, dedup and locks", () => {
      const commandsOn = (prefix: string) =>
        loaded.watch.seen.filter(({ args }) =>
          args.some((arg) => arg.toString().startsWith(prefix)),
        );
      const names = (prefix: string) => new Set(commandsOn(prefix).map(({ name }) => name));
      expect(names(`${NAMESPACE}:rate_limit:`)).toContain("evalsha");
      expect(names(`${NAMESPACE}:analytics:`)).toContain("set");
      expect(names(`${NAMESPACE}:lock:`)).toContain("evalsha");
      expect(commandsOn(`${NAMESPACE}:rate_limit:`).length).toBeGreaterThan(CLIENTS.length * 10);
    });

    test("no command that Redis received names a client", () => {
      const telling = loaded.watch.seen.map((seen) => ({ found: loaded.find(lineOf(seen)), seen }));
      expect(telling.filter(({ found }) => found !== undefined)).toEqual([]);
    });

    test("no command that Redis received holds a secret or a search text", () => {
      const telling = loaded.watch.seen.filter((seen) => {
        const line = lineOf(seen);
        return loaded.findOther(line) !== undefined || line.includes("kiesler");
      });
      expect(telling).toEqual([]);
    });

    test("every key has its form and an end", async () => {
      const keys = await everyKey(loaded.direct);
      expect(keys.length).toBeGreaterThan(CLIENTS.length * 5);
      expect(keys.filter((key) => !FORM.test(key.replaceAll(`${NAMESPACE}:`, "local:")))).toEqual(
        [],
      );
      const ttls = await Promise.all(keys.map((key) => loaded.direct.pttl(key)));
      // A TTL of -2 means that the key has ended meanwhile.
      const endless = keys.filter((_, i) => !isEnding(ttls[i] ?? -1));
      expect(endless).toEqual([]);
    });

    test("no key and no value names a client, or holds a secret in plain text", async () => {
      const keys = await everyKey(loaded.direct);
      const kept = await Promise.all(
        keys.map(async (key) => `${key} ${await valueOf(loaded.direct, key)}`),
      );
      expect(kept.join("\n")).toContain(`${NAMESPACE}:app:instagram-token:`);
      const telling = kept.filter((text) => loaded.find(text) ?? loaded.findOther(text));
      expect(telling).toEqual([]);
    });
  });
}
