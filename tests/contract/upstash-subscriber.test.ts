import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gateway, serveStore } from "#lib/gateway/server";
import { scope } from "../support/scope.ts";
import { type RunningStore, STORES_AND_CLUSTER } from "../support/stores.ts";

const token = "a-token-of-the-tests";
const cleanUp = scope();

let running: RunningStore;
let gateway: Gateway;
let redis: Redis;

type Subscriber = ReturnType<typeof redis.subscribe<unknown>>;

interface Message {
  readonly channel: string;
  readonly message: unknown;
}

/** The messages that a subscriber of the client has received so far. */
function heard(subscriber: Subscriber) {
  const messages: Message[] = [];
  const patterns: (Message & { readonly pattern: string })[] = [];
  const errors: string[] = [];
  const counts: number[] = [];
  subscriber.on("message", (message) => messages.push(message));
  subscriber.on("pmessage", (message) => patterns.push(message));
  subscriber.on("error", ({ message }) => errors.push(message));
  subscriber.on("subscribe", (count) => counts.push(count));
  subscriber.on("psubscribe", (count) => counts.push(count));
  cleanUp(subscriber, (it) => it.unsubscribe());
  return { subscriber, messages, patterns, errors, counts };
}

/** Subscribes, and waits until all subscriptions are confirmed. */
async function listening(subscriber: Subscriber) {
  const listener = heard(subscriber);
  const { length } = subscriber.getSubscribedChannels();
  await expect.poll(() => listener.counts).toEqual(Array(length).fill(1));
  return listener;
}

const listen = (...channels: string[]) => listening(redis.subscribe<unknown>(channels));
const listenTo = (...patterns: string[]) => listening(redis.psubscribe<unknown>(patterns));

describe.each(STORES_AND_CLUSTER)("the subscriber of @upstash/redis before $name", (kind) => {
  beforeAll(async () => {
    running = await kind.start();
    gateway = await serveStore(await running.open(), { token });
    redis = new Redis({ url: gateway.url, token, retry: false });
  });
  afterAll(async () => {
    await gateway?.close();
    await running?.stop();
  });

  test("a subscriber gets the messages of each of its channels, and of no other", async () => {
    const { subscriber, messages } = await listen("a", "b");
    const ofB: unknown[] = [];
    subscriber.on("message:b", ({ message }) => ofB.push(message));
    for (const channel of ["a", "other", "b", "a"]) await redis.publish(channel, `to ${channel}`);
    await expect.poll(() => messages).toHaveLength(3);
    expect(messages.filter(({ channel }) => channel === "a")).toEqual([
      { channel: "a", message: "to a" },
      { channel: "a", message: "to a" },
    ]);
    expect(ofB).toEqual(["to b"]);
  });

  test.each([
    ["text", "hello", "hello"],
    ["an empty text", "", ""],
    ["an object", { a: [1, null], b: "é" }, { a: [1, null], b: "é" }],
    ["a number", 12.5, 12.5],
    ["text of JSON", '{"a":1}', { a: 1 }],
    ["unicode", "héllo 😀 \u2028", "héllo 😀 \u2028"],
    ["commas", "a,b,,c", "a,b,,c"],
    ["line breaks", "a\nb\r\n\n,c\r", "a\nb\r\n\n,c\r"],
    ["what looks like a frame", "data: message,a,b\n\ndata: x", "data: message,a,b\n\ndata: x"],
    ["JSON on several lines", JSON.stringify({ a: { b: "x\ny" } }, null, 2), { a: { b: "x\ny" } }],
    ["text of 100,000 characters", "é".repeat(100_000), "é".repeat(100_000)],
  ])("a subscriber gets %s as it was published", async (_, published, message) => {
    const { messages, errors } = await listen("payloads");
    await redis.publish("payloads", published);
    await expect.poll(() => messages).toEqual([{ channel: "payloads", message }]);
    expect(errors).toEqual([]);
  });

  test("a subscriber gets text unchanged when it is not JSON", async () => {
    const raw = new Redis({ url: gateway.url, token, automaticDeserialization: false });
    const { messages } = await listening(raw.subscribe<unknown>("raw"));
    await raw.publish("raw", '{"a": 1}');
    await expect.poll(() => messages).toEqual([{ channel: "raw", message: '{"a": 1}' }]);
  });

  test("a subscriber gets the messages of a pattern, with the channel of each", async () => {
    const { subscriber, patterns, errors } = await listenTo("news:*", "user:?");
    const ofUsers: unknown[] = [];
    subscriber.on("pmessage:user:?", ({ channel }) => ofUsers.push(channel));
    await redis.publish("news:é/1", { a: 1 });
    await redis.publish("weather:1", { a: 2 });
    await redis.publish("user:", { a: 3 });
    await redis.publish("user:7", { a: 4 });
    await redis.publish("news:2", "a\nb");
    await expect.poll(() => patterns).toHaveLength(3);
    expect(patterns.filter(({ pattern }) => pattern === "news:*")).toEqual([
      { pattern: "news:*", channel: "news:é/1", message: { a: 1 } },
      { pattern: "news:*", channel: "news:2", message: "a\nb" },
    ]);
    expect([errors, ofUsers]).toEqual([[], ["user:7"]]);
  });

  test("a subscriber of a pattern reports text that is not JSON as an error", async () => {
    const { patterns, errors } = await listenTo("plain:*");
    await redis.publish("plain:1", "text");
    await expect.poll(() => errors).toEqual([expect.stringContaining("Failed to parse message")]);
    expect(patterns).toEqual([]);
  });

  test("a subscriber gets a message by its channel and by each pattern that matches", async () => {
    const byName = await listen("both:1");
    const byPattern = await listenTo("both:*", "b*:[0-9]");
    await redis.publish("both:1", 7);
    await expect.poll(() => byPattern.patterns).toHaveLength(2);
    await expect.poll(() => byName.messages).toEqual([{ channel: "both:1", message: 7 }]);
  });

  test("a subscriber gets no more of a channel that it left, and continues with the others", async () => {
    const { subscriber, messages } = await listen("stays", "goes");
    await subscriber.unsubscribe(["goes"]);
    expect(subscriber.getSubscribedChannels()).toEqual(["stays"]);
    await redis.publish("goes", 1);
    await redis.publish("stays", 2);
    await expect.poll(() => messages).toEqual([{ channel: "stays", message: 2 }]);
  });

  test("two subscribers share a channel, and one stays when the other leaves", async () => {
    const [first, second] = [await listen("shared"), await listen("shared")];
    await redis.publish("shared", 1);
    await expect.poll(() => [first.messages.length, second.messages.length]).toEqual([1, 1]);
    await first.subscriber.unsubscribe();
    await redis.publish("shared", 2);
    await expect.poll(() => second.messages.map(({ message }) => message)).toEqual([1, 2]);
    expect(first.messages).toHaveLength(1);
  });

  test.each(["a/b", "a//b/", "with space", "é😀", "x?y=1&z", "100%25", "[x]", "a:b;c=d+e'f\"g"])(
    "a subscriber gets messages of the channel %j",
    async (channel) => {
      const { messages } = await listen(channel);
      // The client does not encode a name, so percent-encoding in it is decoded.
      const name = channel.replace("%25", "%");
      await redis.publish(name, "here");
      await expect.poll(() => messages).toEqual([{ channel: name, message: "here" }]);
    },
  );

  test("a subscriber gets messages of any name that its caller percent-encodes", async () => {
    const { patterns } = await listenTo(encodeURIComponent("50%#?"));
    await redis.publish("50%#!", 1);
    await expect.poll(() => patterns).toEqual([{ pattern: "50%#?", channel: "50%#!", message: 1 }]);
  });

  test("a subscriber gets messages of a name with a comma, when the comma is encoded", async () => {
    const { patterns } = await listenTo("odd*");
    await redis.publish("odd,1\n2", 1);
    await expect
      .poll(() => patterns)
      .toEqual([{ pattern: "odd*", channel: "odd%2C1%0A2", message: 1 }]);
  });

  test("a subscriber gets messages that a script publishes", async () => {
    const { messages } = await listen("scripts");
    const script =
      "redis.call('PUBLISH', KEYS[1], 'a') return redis.pcall('PUBLISH', KEYS[1], 'b')";
    await redis.eval(script, ["scripts"], []);
    await expect.poll(() => messages.map(({ message }) => message)).toEqual(["a", "b"]);
  });

  test("a subscriber gets the messages of a pipeline and of a transaction in their order", async () => {
    const { messages } = await listen("ordered");
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    const together = [redis.pipeline(), redis.multi()];
    for (const commands of together) {
      for (const n of numbers) commands.publish("ordered", n);
      await commands.exec();
    }
    await expect
      .poll(() => messages.map(({ message }) => message))
      .toEqual([...numbers, ...numbers]);
  });

  test("a subscriber listens to a hundred channels at once", async () => {
    const channels = Array.from({ length: 100 }, (_, n) => `many:${n}`);
    const { messages, errors } = await listen(...channels);
    await Promise.all(channels.map((channel) => redis.publish(channel, channel)));
    const named = () => messages.map(({ message }) => String(message)).toSorted();
    await expect.poll(named).toEqual(channels.toSorted());
    expect(errors).toEqual([]);
  });

  test("a subscriber with a wrong token gets an error", async () => {
    const stranger = new Redis({ url: gateway.url, token: "a-wrong-token-of-tests", retry: false });
    const { errors, counts } = heard(stranger.subscribe<unknown>(["a", "b"]));
    await expect.poll(() => errors).toHaveLength(2);
    expect(errors[0]).toContain("Unauthorized");
    expect(counts).toEqual([]);
  });

  test("a subscriber of an invalid name gets an error", async () => {
    const { errors } = heard(redis.subscribe<unknown>(["a,b", "100%"]));
    await expect
      .poll(() => errors.toSorted())
      .toEqual([
        expect.stringContaining("a channel must be named without commas"),
        expect.stringContaining("not percent-encoded"),
      ]);
  });
});
