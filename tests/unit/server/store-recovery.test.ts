import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sayWhenUsable } from "#lib/server/start-log";
import { onRecovery } from "#lib/server/store-recovery";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("onRecovery checks at doubling times of up to 30 s until the store can be used, and calls once", async () => {
  const times: number[] = [];
  const start = Date.now();
  const recovered = vi.fn<() => void>();
  const isUsable = async () => times.push((Date.now() - start) / 1000) === 8;
  onRecovery(isUsable, recovered);
  await vi.advanceTimersByTimeAsync(90_000);
  expect(recovered).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(times).toEqual([1, 3, 7, 15, 31, 61, 91, 121]);
  expect(recovered).toHaveBeenCalledTimes(1);
});

test("onRecovery checks nothing more once it was ended, and drops the result of a check in flight", async () => {
  const recovered = vi.fn<() => void>();
  const isUsable = vi.fn(() => new Promise<boolean>((resolve) => setTimeout(resolve, 500, true)));
  const end = onRecovery(isUsable, recovered);
  await vi.advanceTimersByTimeAsync(1200);
  end();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(isUsable).toHaveBeenCalledTimes(1);
  expect(recovered).not.toHaveBeenCalled();
});

test("sayWhenUsable prints one line when a store that failed at the start runs scripts", async () => {
  let isDown = true;
  vi.stubGlobal("fetch", async () => {
    if (isDown) throw new TypeError("fetch failed");
    return Response.json({ result: 1 });
  });
  const lines: string[] = [];
  const store = { url: "https://store.example", token: "a-token", deadlineMs: 500 };
  sayWhenUsable({ name: "the store at store.example" }, { store }, (line) => lines.push(line));
  await vi.advanceTimersByTimeAsync(120_000);
  expect(lines).toEqual([]);
  isDown = false;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(lines).toEqual([
    "store    the store at store.example can be used now, and requests are counted",
  ]);
});
