import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { startGateway } from "#lib/gateway/server";
import { startCluster } from "../support/cluster.ts";
import { PROPER_END } from "../support/event-streams.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";
import { gatewayStreams, sendCommand, token } from "../support/gateway-streams.ts";

const cleanUp = scope();
const { open, opened } = gatewayStreams();

describe("a stream of a Redis", () => {
  const limits = { commandTimeoutMs: 300 };

  async function before(redisUrl: string) {
    return cleanUp(await startGateway({ redisUrl, token, limits }), (it) => it.close());
  }
  const client = (port: number) => cleanUp(new Redis(port), (it) => it.disconnect());

  test("the streams of a Redis share one connection, which the last one closes", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const gateway = await before(redis.url);
    const direct = client(redis.port);
    const connections = async () =>
      String(await direct.call("CLIENT", "LIST", "TYPE", "pubsub")).match(/^id=/gm)?.length ?? 0;
    expect(await connections()).toBe(0);
    const streams = [];
    for (const path of ["/subscribe/a", "/subscribe/b", "/psubscribe/*"]) {
      streams.push(await opened(gateway, path));
      expect(await connections()).toBe(1);
    }
    for (const { socket } of streams) socket.destroy();
    await expect.poll(connections).toBe(0);
    await opened(gateway, "/subscribe/a");
    expect(await connections()).toBe(1);
  });

  test("a stream of a Redis that was killed ends, and a new one gets 503 until Redis is back", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const gateway = await before(redis.url);
    const streams = [
      await opened(gateway, "/subscribe/a"),
      await opened(gateway, "/subscribe/a"),
      await opened(gateway, "/psubscribe/b*"),
    ];
    await redis.stop();
    for (const { closed } of streams) expect(await closed).toMatch(PROPER_END);
    const rejected = open(gateway, "/subscribe/a");
    await expect.poll(() => rejected.status()).toBe(503);
    expect(rejected.text()).toContain("ERR Redis cannot be reached.");

    cleanUp(await startRedis(redis.port), (it) => it.stop());
    const again = await opened(gateway, "/subscribe/a");
    await expect
      .poll(async () => (await sendCommand(gateway, ["PUBLISH", "a", "x"])).answer)
      .toEqual({ result: 1 });
    await expect.poll(() => again.data()).toContain("message,a,x");
  });

  test("a stream continues when another client turns on key notifications for its connection", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const gateway = await before(redis.url);
    const stream = await opened(gateway, "/subscribe/__redis__%3Ainvalidate");
    const other = client(redis.port);
    const list = String(await other.call("CLIENT", "LIST", "TYPE", "pubsub"));
    const id = /^id=(\d+)/.exec(list)?.[1] ?? "";
    await other.call("CLIENT", "TRACKING", "ON", "REDIRECT", id);
    await other.get("key");
    await other.set("key", "1");
    await other.flushall();
    await other.publish("__redis__:invalidate", "a message");
    await expect.poll(() => stream.data()).toContain("message,__redis__:invalidate,a message");
    expect(stream.data()).toHaveLength(2);
  });

  test("a stream of a Redis that stops answering ends, and a new one gets 503 or 504 in time", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const gateway = await before(redis.url);
    const stream = await opened(gateway, "/subscribe/a");
    redis.freeze();
    const began = performance.now();
    expect(await stream.closed).toMatch(PROPER_END);
    const rejected = open(gateway, "/subscribe/a");
    await expect.poll(() => rejected.status()).toBeGreaterThanOrEqual(503);
    expect(performance.now() - began).toBeLessThan(15_000);
    redis.thaw();
    await expect.poll(async () => (await sendCommand(gateway, ["PING"])).status).toBe(200);
    await opened(gateway, "/subscribe/a");
  });

  test("a stream that its user is not permitted gets 400 with the answer of Redis", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const direct = client(redis.port);
    await direct.call("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "&mine:*");
    const gateway = await before(redis.url.replace("//", "//app:secret@"));
    const [mine, other] = [
      await opened(gateway, "/subscribe/mine:1"),
      open(gateway, "/subscribe/x"),
    ];
    await expect.poll(() => other.status()).toBe(400);
    expect(other.text()).toContain("NOPERM");
    await direct.publish("mine:1", "still here");
    await expect.poll(() => mine.data()).toContain("message,mine:1,still here");
  });

  test("a stream of a cluster ends when its node dies, and a new one uses another node", async () => {
    const cluster = cleanUp(await startCluster(), (it) => it.stop());
    const gateway = cleanUp(
      await startGateway({ redisUrl: cluster.url, cluster: true, token, limits }),
      (it) => it.close(),
    );
    const stream = await opened(gateway, "/subscribe/ch");
    for (const node of cluster.nodes) {
      if ((await node.direct.pubsub("CHANNELS")).length > 0) await node.kill();
    }
    expect(await stream.closed).toMatch(PROPER_END);
    const again = await opened(gateway, "/subscribe/ch");
    await cluster.nodes.at(-1)?.direct.publish("ch", "x");
    await expect.poll(() => again.data()).toContain("message,ch,x");
  });
});
