import { describe, expect, test, vi } from "vitest";
import { emitTo, type HeadgateEvent } from "#lib/core/events";
import { toEach } from "#lib/observe/events";

describe("emit", () => {
  const event: HeadgateEvent = { kind: "lock", state: "released" };

  test("emit calls the listener before it returns", () => {
    const listener = vi.fn<(event: HeadgateEvent) => void>();
    emitTo(listener)(event);
    expect(listener.mock.calls).toEqual([[event]]);
  });

  test.each([
    ["rejects", () => Promise.reject(new Error("its own"))],
    [
      "throws",
      () => {
        throw new Error("its own");
      },
    ],
  ])("emit does not fail its caller when a listener %s", async (_, listener) => {
    const unhandled = vi.fn<(error: unknown) => void>();
    process.on("unhandledRejection", unhandled);
    const heard: string[] = [];
    emitTo(listener)(event);
    emitTo(toEach([listener, ({ kind }) => heard.push(kind)]))(event);
    await expect.poll(() => heard).toEqual(["lock"]);
    // Node reports an unhandled rejection before the next turn of its loop.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
