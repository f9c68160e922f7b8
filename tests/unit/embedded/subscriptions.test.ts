import { describe, expect, test } from "vitest";
import type { Subscription } from "#lib/gateway/store/store";
import { embeddedStore } from "../../support/embedded.ts";

/** An embedded store with one listener for each subscription, and the messages that they received. */
async function listening(...subscriptions: readonly Subscription[]) {
  const embedded = await embeddedStore();
  const heard: string[] = [];
  const made = subscriptions.map((subscription) =>
    embedded.store.subscribe(subscription, {
      message: (channel, payload) =>
        heard.push(`${subscription.name} ${channel.toString()} ${payload.toString("latin1")}`),
      lost: () => heard.push(`${subscription.name} lost`),
    }),
  );
  const ends = await Promise.all(made);
  const end = (at: number) => {
    const one = ends[at];
    if (typeof one === "function") one();
  };
  return { ...embedded, heard, end };
}

const channel = (name: string): Subscription => ({ kind: "channel", name });
const pattern = (name: string): Subscription => ({ kind: "pattern", name });

describe("the embedded store", () => {
  test("the embedded store delivers a message to its channel, then to patterns, before PUBLISH is answered", async () => {
    const { run, heard } = await listening(
      channel("é1"),
      channel("b"),
      pattern("é?"),
      pattern("x*"),
    );
    expect(await run("PUBLISH", "é1", Buffer.from([0, 255]))).toBe(2);
    expect(heard).toEqual(["é1 é1 \0\xff", "é? é1 \0\xff"]);
  });

  test("the embedded store counts each listener of a channel, and each pattern once", async () => {
    const { run, heard, end } = await listening(
      channel("a"),
      channel("a"),
      pattern("p*"),
      pattern("p*"),
    );
    expect(await run("PUBSUB", "NUMSUB", "a", "p")).toEqual(["a", 2, "p", 0]);
    expect(await run("PUBSUB", "NUMPAT")).toBe(1);
    end(0);
    end(0);
    expect(await run("PUBLISH", "a", "x")).toBe(1);
    expect(await run("PUBSUB", "CHANNELS")).toEqual(["a"]);
    for (const at of [1, 2, 3]) end(at);
    expect(await run("PUBLISH", "p", "x")).toBe(0);
    expect(await run("PUBSUB", "CHANNELS")).toEqual([]);
    expect(heard).toEqual(["a a x"]);
  });

  test("the embedded store lets scripts publish by call and pcall, except read-only scripts", async () => {
    const { run, script, heard } = await listening(channel("a"));
    expect(
      await script("return redis.call('PUBLISH', 'a', 'x') + redis.pcall('PUBLISH', 'a', 7)"),
    ).toBe(2);
    expect(heard).toEqual(["a a x", "a a 7"]);
    expect(await run("EVAL_RO", "return redis.call('PUBLISH', 'a', 'x')", 0)).toEqual({
      error: expect.stringContaining("Write commands are not allowed") as string,
    });
    expect(heard).toHaveLength(2);
  });

  test("the embedded store publishes when memory is full", async () => {
    const { store, run } = await embeddedStore({ maxBytes: 1 });
    await run("SET", "k", "v");
    expect(await run("SET", "k2", "v")).toMatchObject({
      error: expect.stringContaining("OOM") as string,
    });
    expect(await run("PUBLISH", "a", "x")).toBe(0);
    await store.close();
  });

  test("the embedded store answers PUBLISH with an error when a pattern takes too long, and delivers nothing", async () => {
    const { run, heard } = await listening(
      channel("a".repeat(20_000)),
      pattern(`*${"a".repeat(5_000)}b`),
    );
    expect(await run("PUBLISH", "a".repeat(20_000), "x")).toEqual({
      error: "ERR the pattern takes too many steps to match",
    });
    expect(heard).toEqual([]);
  });

  test("the embedded store tells each listener once that it closes", async () => {
    const { store, heard, end } = await listening(channel("a"), pattern("b"));
    end(0);
    await store.close();
    await store.close();
    expect(heard).toEqual(["b lost"]);
  });
});
