import { describe, expect, test } from "vitest";
import { startGateway } from "#lib/gateway/server";
import { keysApart, startClusterStore } from "../../support/cluster.ts";
import { scope } from "../../support/scope.ts";
import { a, b, c, UNREACHABLE, ok, incr, type Front } from "./front.ts";

/** Tests calls while slots move, masters change, and a master is slow or cuts connections. */
export function testChanges(store: Front): void {
  const { send } = store;
  const cleanUp = scope();

  describe("a slot that moves", () => {
    test("a slot that moves is followed before, while and after its keys move, and no command runs twice", async () => {
      const [here, there, both] = ["{moving}:here", "{moving}:there", "{moving}:both"];
      const from = await store.cluster.masterOf(here);
      const to = await store.cluster.masterOf(
        from.id === (await store.cluster.masterOf(a)).id ? b : a,
      );
      const slot = String(await from.direct.call("CLUSTER", "KEYSLOT", here));
      expect(await send("/", ["INCR", here])).toEqual(ok({ result: 1 }));

      await to.direct.call("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id);
      await from.direct.call("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id);
      expect(await send("/pipeline", incr(here, there, a))).toEqual(
        ok([{ result: 2 }, { result: 1 }, { result: 1 }]),
      );
      expect(await send("/multi-exec", incr(both, both))).toEqual(
        ok([{ result: 1 }, { result: 2 }]),
      );
      // Half of the keys have moved: the node asks the client to try again.
      expect(await send("/", ["MGET", here, there])).toEqual(UNREACHABLE);

      await from.direct.call("MIGRATE", "127.0.0.1", String(to.port), here, "0", "2000");
      await to.direct.call("CLUSTER", "SETSLOT", slot, "NODE", to.id);
      await from.direct.call("CLUSTER", "SETSLOT", slot, "NODE", to.id);
      expect(
        await send("/multi-exec", [
          ["INCR", both],
          ["GET", here],
        ]),
      ).toEqual(ok([{ result: 3 }, { result: "2" }]));
      expect(await send("/", ["MGET", here, there, both])).toEqual(ok({ result: ["2", "1", "3"] }));
    });
  });

  describe("a failover", () => {
    test("a planned failover loses no call and runs none twice", async () => {
      const replica = await store.cluster.replicaOf(await store.cluster.masterOf(c));
      await replica.direct.call("CLUSTER", "FAILOVER");
      const answers: unknown[] = [];
      const count = async () => {
        const calls = Array.from({ length: 10 }, () => send("/", ["INCR", c]));
        answers.push(...(await Promise.all(calls)).map(({ body }) => body));
      };
      while ((await store.cluster.masterOf(c)).id !== replica.id) await count();
      await count();
      expect(answers).toHaveLength(
        new Set(answers.map((answer) => (answer as { result: number }).result)).size,
      );
      expect(await send("/", ["GET", c])).toEqual(ok({ result: String(answers.length) }));
      expect(await replica.direct.get(c)).toBe(String(answers.length));
    });

    test("after the crash of a master no call waits for the failover, and none runs twice", async () => {
      const own = cleanUp(await startClusterStore(), (it) => it.stop());
      const [x, y] = keysApart("k");
      const master = await own.cluster.masterOf(x);
      const replica = await own.cluster.replicaOf(master);
      const keys = Array.from({ length: 200 }, (_, n) => `${x}:${n}`);
      const underWay = keys.map((key) => send("/", ["INCR", key], own));
      await master.kill();
      const statuses = (await Promise.all(underWay)).map(({ status }) => status);
      expect(statuses.filter((status) => ![200, 503].includes(status))).toEqual([]);

      expect(await send("/", ["INCR", x], own)).toEqual(UNREACHABLE);
      expect(await send("/multi-exec", [["INCR", x]], own)).toEqual(UNREACHABLE);
      expect(
        await send(
          "/pipeline",
          [
            ["INCR", x],
            ["GET", x],
          ],
          own,
        ),
      ).toEqual(UNREACHABLE);
      // Keys of the other masters are served meanwhile.
      expect(await send("/pipeline", incr(x, y), own)).toEqual(
        ok([{ error: "UNREACHABLE Redis cannot be reached." }, { result: 1 }]),
      );

      await own.cluster.failOverSoon();
      const again = () => send("/", ["GET", x], own);
      await expect.poll(again, { timeout: 30_000 }).toEqual(ok({ result: null }));
      expect((await own.cluster.masterOf(x)).id).toBe(replica.id);
      const counts = await Promise.all(keys.map((key) => send("/", ["GET", key], own)));
      const values = counts.map(({ body }) => (body as { result: string | null }).result);
      expect(values.filter((value) => value !== null && value !== "1")).toEqual([]);
      expect(await send("/multi-exec", incr(x, x), own)).toEqual(
        ok([{ result: 1 }, { result: 2 }]),
      );
    });
  });

  describe("a master", () => {
    test("a slow master gets 504, and TIMEOUT in its place in a pipeline", async () => {
      const gateway = await startGateway({
        redisUrl: store.cluster.url,
        cluster: true,
        token: store.token,
        limits: { commandTimeoutMs: 300 },
      });
      cleanUp(gateway, (it) => it.close());
      const slow = await store.cluster.masterOf(a);
      cleanUp(slow, ({ direct }) => direct.call("CLIENT", "UNPAUSE"));
      await slow.direct.call("CLIENT", "PAUSE", "30000", "WRITE");
      const late = "did not answer within 300 ms.";
      const [alone, joined] = await Promise.all([
        send("/", ["INCR", a], gateway),
        send("/pipeline", incr(a, b), gateway),
      ]);
      expect(alone).toEqual({ status: 504, body: { error: `ERR Redis ${late}` } });
      expect(joined).toEqual(ok([{ error: `TIMEOUT Redis ${late}` }, { result: 1 }]));
    });

    test("the gateway reconnects to a master that cut the connection", async () => {
      const gateway = await startGateway({
        redisUrl: store.cluster.url,
        cluster: true,
        token: store.token,
      });
      cleanUp(gateway, (it) => it.close());
      const counted = () => send("/pipeline", incr(a, b, c), gateway);
      expect(await counted()).toEqual(ok([{ result: 1 }, { result: 1 }, { result: 1 }]));
      await store.cluster.onMasters("CLIENT", "KILL", "TYPE", "normal");
      await expect
        .poll(() =>
          send(
            "/pipeline",
            [
              ["GET", a],
              ["GET", b],
              ["GET", c],
            ],
            gateway,
          ),
        )
        .toEqual(ok([{ result: "1" }, { result: "1" }, { result: "1" }]));
      expect(await counted()).toEqual(ok([{ result: 2 }, { result: 2 }, { result: 2 }]));
    });
  });
}
