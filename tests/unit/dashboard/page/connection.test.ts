import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connect, type ConnectionState } from "#lib/dashboard/page/connection";
import { scope } from "../../../support/scope.ts";

const cleanUp = scope();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A stream that a test writes to. */
interface Stream {
  readonly signal: AbortSignal;
  send(text: string): void;
  end(): void;
}

type Answer = (stream: Stream, body: ReadableStream<Uint8Array>) => Response | Promise<Response>;

const stream: Answer = (_, body) =>
  new Response(body, { headers: { "Content-Type": "text/event-stream; charset=utf-8" } });
const status =
  (status: number): Answer =>
  () =>
    new Response("", { status });
const fails: Answer = () => Promise.reject(new TypeError("fetch failed"));
const hangs: Answer = () => new Promise(() => {});

/** Connects. Each attempt gets the next answer, and the last answer is repeated. */
function connected(...answers: readonly Answer[]) {
  const streams: Stream[] = [];
  const states: ConnectionState[] = [];
  const events: [string, unknown][] = [];
  const connection = connect({
    open: async (signal) => {
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      const body = new ReadableStream<Uint8Array>({ start: (own) => void (controller = own) });
      const opened: Stream = {
        signal,
        send: (text) => controller?.enqueue(new TextEncoder().encode(text)),
        end: () => controller?.close(),
      };
      streams.push(opened);
      const answer = answers[streams.length - 1] ?? answers.at(-1);
      if (!answer) throw new Error("No answer was given.");
      return await answer(opened, body);
    },
    onEvent: (name, data) => events.push([name, data]),
    onState: (state) => states.push(state),
  });
  cleanUp(connection, (it) => it.sleep());
  const last = (): Stream => {
    const stream = streams.at(-1);
    if (!stream) throw new Error("No stream was opened.");
    return stream;
  };
  return { connection, streams, states, events, last };
}

/** Advances the clock, and lets promises settle. */
async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  // A chunk goes through several streams, each with separate tasks.
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  await vi.advanceTimersByTimeAsync(0);
}

const SNAPSHOT = 'event: snapshot\ndata: {"sentAt":1}\n\n';

describe("connect", () => {
  test("connect passes on each event with its JSON, even when it arrives in pieces", async () => {
    const { last, events, states } = connected(stream);
    await pass();
    last().send(SNAPSHOT.slice(0, 20));
    last().send(SNAPSHOT.slice(20) + ": ping\n\nevent: history\ndata: not json\n\n");
    await pass();
    expect(events).toEqual([
      ["snapshot", { sentAt: 1 }],
      ["history", undefined],
    ]);
    expect(states).toEqual(["live"]);
  });

  test.each([
    ["the event end", (it: Stream) => it.send("event: end\ndata: {}\n\n")],
    ["an end without a word", (it: Stream) => it.end()],
  ])("connect opens the stream again at once after %s, and stays live", async (_, end) => {
    const { last, streams, states } = connected(stream);
    await pass();
    last().send(SNAPSHOT);
    await pass(1_000);
    end(last());
    await pass();
    expect(streams).toHaveLength(2);
    expect(streams[0]?.signal.aborted).toBe(true);
    expect(states).toEqual(["live"]);
  });

  test("connect pauses before it reopens streams that end at once", async () => {
    const { streams } = connected((own, body) => {
      own.send(SNAPSHOT);
      own.end();
      return stream(own, body);
    });
    for (let i = 0; i < 10; i++) await pass(100);
    expect(streams.length).toBeLessThan(4);
  });

  test("connect waits longer after each failure, from 0.5 s to 5 s", async () => {
    const { streams, states } = connected(fails);
    const opened: number[] = [];
    for (let i = 0; i < 200; i++) {
      await vi.advanceTimersByTimeAsync(100);
      opened.push(streams.length);
    }
    // At 0, 0.5, 1.5, 3.5, 7.5, 12.5, 17.5 s.
    expect([4, 14, 34, 74, 124, 174].map((at) => opened[at])).toEqual([2, 3, 4, 5, 6, 7]);
    expect([3, 13, 33, 73, 123, 173].map((at) => opened[at])).toEqual([1, 2, 3, 4, 5, 6]);
    expect(states).toEqual(["lost"]);
  });

  test("connect is live again with the first event, and waits 0.5 s at the next failure", async () => {
    const { last, streams, states } = connected(status(503), status(500), stream, fails, stream);
    await pass(500);
    await pass(1_000);
    last().send(SNAPSHOT);
    await pass(1_000);
    last().end();
    await pass();
    expect(states).toEqual(["lost", "live", "lost"]);
    await pass(500);
    expect(streams).toHaveLength(5);
  });

  test.each([401, 403, 404])("connect tries again only every 30 s after %i", async (code) => {
    const { last, streams, states } = connected(status(code), stream);
    await pass(29_900);
    expect(streams).toHaveLength(1);
    expect(states).toEqual(["refused"]);
    await pass(100);
    last().send(SNAPSHOT);
    await pass();
    expect(states).toEqual(["refused", "live"]);
  });

  test("connect treats a redirect as a refusal, and another page as a failure", async () => {
    const redirect = connected(() =>
      Object.defineProperty(Response.error(), "type", { value: "opaqueredirect" }),
    );
    const page = connected(() => new Response("<html>"));
    await pass();
    expect(redirect.states).toEqual(["refused"]);
    expect(page.states).toEqual(["lost"]);
  });

  test("connect is lost after 10 s without an event, even when comments arrive", async () => {
    const { last, streams, states } = connected(stream);
    await pass();
    last().send(SNAPSHOT);
    await pass(9_900);
    last().send(": ping\n\n");
    expect(states).toEqual(["live"]);
    await pass(100);
    expect(states).toEqual(["live", "lost"]);
    expect(streams[0]?.signal.aborted).toBe(true);
  });

  test("connect is lost when nothing answers for 10 s", async () => {
    const { states } = connected(hangs);
    await pass(10_000);
    expect(states).toEqual(["lost"]);
  });

  test("wake opens the stream at once when it was lost or refused", async () => {
    const { connection, streams } = connected(status(401), fails, stream);
    await pass();
    connection.wake();
    await pass();
    connection.wake();
    await pass();
    expect(streams).toHaveLength(3);
  });

  test("wake does not reopen a stream that had an event just now", async () => {
    const { connection, last, streams } = connected(stream);
    await pass();
    last().send(SNAPSHOT);
    await pass(2_000);
    connection.wake();
    await pass();
    expect(streams).toHaveLength(1);
    await pass(2_000);
    connection.wake();
    await pass();
    expect(streams).toHaveLength(2);
  });

  test("sleep closes the stream until wake", async () => {
    const { connection, last, streams } = connected(stream);
    await pass();
    last().send(SNAPSHOT);
    await pass();
    connection.sleep();
    await pass(120_000);
    expect(streams).toHaveLength(1);
    expect(streams[0]?.signal.aborted).toBe(true);
    connection.wake();
    await pass();
    expect(streams).toHaveLength(2);
  });
});
