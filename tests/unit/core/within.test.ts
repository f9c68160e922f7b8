import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { within } from "#lib/core/within";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("within settles like work that ends in time, and leaves no timer", async () => {
  expect(await within(1000, Promise.resolve("done"), () => "late")).toBe("done");
  await expect(within(1000, Promise.reject(new Error("its own")), () => "late")).rejects.toThrow(
    "its own",
  );
  expect(vi.getTimerCount()).toBe(0);
});

test("within settles like the late function for late work, which continues", async () => {
  let finish: ((what: string) => void) | undefined;
  const work = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const waited = within(1000, work, () => "late");
  await vi.advanceTimersByTimeAsync(999);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await waited).toBe("late");
  const thrown = within(1, work, () => {
    throw new Error("too late");
  });
  await Promise.all([expect(thrown).rejects.toThrow("too late"), vi.advanceTimersByTimeAsync(1)]);
  finish?.("done");
  expect(await work).toBe("done");
  expect(vi.getTimerCount()).toBe(0);
});
