import { describe, expect, test } from "vitest";
import { type Control, createControl } from "#lib/control";
import { createHeadgate } from "#lib/create";
import { fromEnv } from "#lib/env";
import { connectTcp } from "#lib/gateway/direct";
import { createRequester } from "#lib/redis/requester";
import { controlledGate, CONTROLLED } from "../support/controlled.ts";
import { liveStore } from "../support/live-store.ts";
import { losingResponses } from "../support/lost-responses.ts";

const store = liveStore();

const TERMS = { for: "2h", reason: "a flood", by: "ada" };
const NETWORK = "network:203.0.113.0/24";

describe("a change of the control document", () => {
  test("a change by TCP, without a gateway, is written and read", async () => {
    const opened: { close(): Promise<void> }[] = [];
    const gate = controlledGate(store.store, {
      connect(about) {
        const client = connectTcp({ ...about, redisUrl: store.store.redis.url });
        opened.push(client);
        return client.requester;
      },
    });
    const control = createControl(gate);
    const { id } = await control.block({ identity: "user", value: "ada" }, TERMS);
    expect((await control.list()).map((entry) => [entry.id, entry.by])).toEqual([[id, "ada"]]);
    expect(await control.remove(id, { by: "eve" })).toMatchObject({ id, kind: "block" });
    expect((await control.log()).map(({ action }) => action)).toEqual(["remove", "set"]);
    await Promise.all(opened.map((client) => client.close()));
  });

  test("a change whose answer is lost is sent again, and is logged once", async () => {
    // Redis has both scripts cached at this point, so the first call makes the change.
    const control = () => {
      const gate = controlledGate(store.store, {
        namespace: own.options.namespace,
        connect: (about) =>
          createRequester({
            ...store.store,
            ...about,
            fetch: losingResponses((call) => call === 1),
          }),
      });
      return createControl(gate);
    };
    const own = controlledGate(store.store);
    const seen = createControl(own);
    await seen.block({ ip: "203.0.113.0/24" }, TERMS);
    await seen.remove(NETWORK, { by: "ada" });
    const set = await control().block({ ip: "203.0.113.0/24" }, { ...TERMS, by: "bob" });
    expect(set).toMatchObject({ id: NETWORK, by: "bob" });
    expect(await seen.list()).toMatchObject([{ id: NETWORK, at: set.at, until: set.until }]);
    const removed = await control().remove(NETWORK, { by: "eve" });
    expect(removed).toMatchObject({ id: NETWORK, by: "bob" });
    expect((await seen.log()).map(({ action, by }) => [action, by])).toEqual([
      ["remove", "eve"],
      ["set", "bob"],
      ["remove", "ada"],
      ["set", "ada"],
    ]);
  });

  test("a change fails with the store's error when the store does not answer", async () => {
    const nowhere = { url: "http://127.0.0.1:9", token: "a-token-of-the-tests" };
    const calls: readonly ((control: Control) => Promise<unknown>)[] = [
      (control) => control.block({ ip: "203.0.113.7" }, TERMS),
      (control) => control.list(),
      (control) => control.log(),
      (control) => control.remove("mode", { by: "ada" }),
    ];
    for (const call of calls) {
      const pending = call(createControl(controlledGate(nowhere)));
      await expect(pending).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
    }
  });

  test("a change fails with the missing variable when no store is named", async () => {
    const settings = fromEnv({ NODE_ENV: "production", CLIENT_IP_FROM: "hops:1" });
    const control = createControl(createHeadgate(CONTROLLED, { ...settings, onEvent: [] }));
    await expect(control.list()).rejects.toMatchObject({ code: "ENV_INVALID" });
    await expect(control.mode("off", TERMS)).rejects.toMatchObject({ code: "ENV_INVALID" });
  });
});
