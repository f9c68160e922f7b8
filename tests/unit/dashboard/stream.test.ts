import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventStream, type StreamOptions } from "#lib/dashboard/stream";
import type { Snapshots } from "#lib/dashboard/snapshots";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open(more: Partial<StreamOptions> = {}) {
  let taken = 0;
  let key = "1";
  let control: string | undefined;
  const snapshots: Pick<Snapshots, "take" | "historyKey" | "historyJson"> = {
    take: async () => ({ number: (taken += 1) }) as never,
    historyKey: () => key,
    historyJson: () => JSON.stringify({ of: key }),
  };
  const ends: string[] = [];
  const client = new AbortController();
  const stream = eventStream(snapshots as Snapshots, {
    signal: client.signal,
    lifeMs: 25_000,
    listen: () => false,
    entries: { key: () => control, now: (admin) => ({ admin }) as never },
    admin: null,
    onEnd: () => ends.push("end"),
    ...more,
  });
  const reader = stream.getReader();
  return {
    client,
    ends,
    reader,
    taken: () => taken,
    setKey: (to: string) => (key = to),
    setControl: (to: string) => (control = to),
    next: async () => {
      const read = reader.read();
      await vi.advanceTimersByTimeAsync(1_000);
      return new TextDecoder().decode((await read).value);
    },
  };
}

test("a stream begins with the history, and sends it again only when it has changed", async () => {
  const { next, setKey } = open();
  const past = 'event: history\ndata: {"of":"1"}\n\n';
  expect(await next()).toBe(`${past}event: snapshot\ndata: {"number":1}\n\n`);
  expect(await next()).toBe('event: snapshot\ndata: {"number":2}\n\n');
  setKey("2");
  expect(await next()).toContain('event: history\ndata: {"of":"2"}');
});

test("a stream sends what is set once it is read, and again only when it has changed", async () => {
  const { next, setControl } = open({ admin: "ada" });
  expect(await next()).not.toContain("event: control");
  setControl("1");
  const control = 'event: control\ndata: {"admin":"ada"}\n\n';
  expect(await next()).toBe(`${control}event: snapshot\ndata: {"number":2}\n\n`);
  expect(await next()).not.toContain("event: control");
  setControl("2");
  expect(await next()).toContain(control);
});

test("a stream sends at most once a second however slowly it is read, and queues nothing", async () => {
  const { next, taken } = open();
  await next();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(taken()).toBe(1);
});

test("a stream ends after its life with an end event", async () => {
  const { next, reader, ends } = open({ lifeMs: 3_000 });
  const all: string[] = [];
  for (let second = 0; second < 6; second += 1) all.push(await next());
  expect(all.findIndex((text) => text === "event: end\ndata: {}\n\n")).toBe(3);
  expect((await reader.read()).done).toBe(true);
  expect(ends).toEqual(["end"]);
});

test("a stream whose client has stopped reading ends 5 s after its life", async () => {
  const { next, reader, ends } = open({ lifeMs: 3_000 });
  await next();
  await vi.advanceTimersByTimeAsync(6_000);
  expect(ends).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(ends).toEqual(["end"]);
  expect((await reader.read()).done).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test.each(["aborts", "cancels"] as const)("a client that %s ends the stream once", async (how) => {
  const { next, reader, ends, client } = open();
  await next();
  if (how === "aborts") client.abort();
  else await reader.cancel();
  client.abort();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ends).toEqual(["end"]);
  expect(vi.getTimerCount()).toBe(0);
});
