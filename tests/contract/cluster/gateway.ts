import { describe, expect, test } from "vitest";
import { startGateway } from "#lib/gateway/server";
import { startProgram } from "../../support/app.ts";
import { startRedis } from "../../support/redis.ts";
import { scope } from "../../support/scope.ts";
import { a, b, c, UNREACHABLE, ok, type Front } from "./front.ts";

/** Tests how a gateway starts before a cluster. */
export function testGateway(store: Front): void {
  const { send } = store;
  const cleanUp = scope();

  describe("the gateway", () => {
    const token = "a-token-of-the-tests";

    test("the gateway sends its user and password to every node", async () => {
      const { url, nodes } = store.cluster;
      await Promise.all(
        nodes.map(({ direct }) =>
          direct.call("ACL", "SETUSER", "app", "on", ">right-p@ssword", "+@all", "~*"),
        ),
      );
      const { host } = new URL(url);
      const redisUrl = `redis://app:${encodeURIComponent("right-p@ssword")}@${host}`;
      const gateway = await startGateway({ redisUrl, cluster: true, token });
      cleanUp(gateway, (it) => it.close());
      const sets = [a, b, c].map((key) => ["SET", key, "v"]);
      expect(await send("/pipeline", sets, gateway)).toEqual(
        ok(sets.map(() => ({ result: "OK" }))),
      );
    });

    test("the gateway reports that a node rejects it, without the password", async () => {
      const lines: string[] = [];
      const { host } = new URL(store.cluster.url);
      const redisUrl = `redis://app:hunter2-secret@${host}`;
      const report = (line: string) => void lines.push(line);
      const gateway = await startGateway({ redisUrl, cluster: true, token, report });
      cleanUp(gateway, (it) => it.close());
      const answer = await send("/", ["GET", a], gateway);
      expect(answer).toEqual(UNREACHABLE);
      // A node can close its connection before the cluster's error is known.
      await expect
        .poll(() => lines)
        .toContain("Redis Cluster cannot be used (WRONGPASS); trying again");
      expect(lines.join("\n")).not.toContain("hunter2");
    });

    test("the gateway does not start in front of a cluster without the flag, or of a single Redis with it", async () => {
      await expect(startGateway({ redisUrl: store.cluster.url, token })).rejects.toMatchObject({
        code: "GATEWAY_INVALID",
        message: expect.stringContaining("set HEADGATE_CLUSTER=1") as string,
      });
      const redis = cleanUp(await startRedis(), (it) => it.stop());
      await expect(
        startGateway({ redisUrl: redis.url, cluster: true, token }),
      ).rejects.toMatchObject({
        code: "GATEWAY_INVALID",
        message: expect.stringContaining("unset HEADGATE_CLUSTER") as string,
      });
      const database = startGateway({ redisUrl: `${store.cluster.url}/1`, cluster: true, token });
      await expect(database).rejects.toThrow("only database 0");
    });

    test("the gateway reports a missing cluster that it detects later", async () => {
      const redis = cleanUp(await startRedis(), (it) => it.stop());
      await redis.stop();
      const gateway = await startGateway({ redisUrl: redis.url, cluster: true, token });
      cleanUp(gateway, (it) => it.close());
      expect(await send("/", ["GET", a], gateway)).toEqual(UNREACHABLE);
      cleanUp(await startRedis(redis.port), (it) => it.stop());
      const answered = async () => (await send("/", ["GET", a], gateway)).body;
      await expect.poll(answered, { timeout: 10_000 }).toMatchObject({
        error: expect.stringContaining("belongs to a server that is not a Redis Cluster") as string,
      });
    });

    test("the command starts the gateway in front of a cluster with HEADGATE_CLUSTER=1", async () => {
      const variables = { REDIS_URL: store.cluster.url, GATEWAY_PORT: "0", GATEWAY_TOKEN: token };
      const cli = await startProgram(["lib/cli/gateway.ts"], {
        ...variables,
        HEADGATE_CLUSTER: "1",
      });
      cleanUp(cli, (it) => it.stop());
      const sets = [a, b, c].map((key) => ["SET", key, "v"]);
      expect((await send("/pipeline", sets, { url: cli.url, token })).status).toBe(200);
      expect(await cli.stop("SIGTERM")).toBe(0);
      const without = startProgram(["lib/cli/gateway.ts"], variables);
      await expect(without).rejects.toThrow(/GATEWAY_INVALID: .*HEADGATE_CLUSTER=1/);
      const unclear = startProgram(["lib/cli/gateway.ts"], {
        ...variables,
        HEADGATE_CLUSTER: "yes",
      });
      await expect(unclear).rejects.toThrow(/ENV_INVALID: .*HEADGATE_CLUSTER must be 1/);
    });
  });
}
