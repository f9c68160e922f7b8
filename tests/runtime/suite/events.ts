import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import type { Bindings } from "../../fixtures/runtime/worker.ts";
import { clientOf, reported, isAllowed, PATIENTLY } from "./client.ts";
import type { Guard } from "./guard.ts";
import { scope } from "../../support/scope.ts";

/** Tests the events of decisions, and of a store that fails. */
export function testEvents(guard: Guard): void {
  const { startWith } = guard;
  const cleanUp = scope();

  describe("events", () => {
    test("events report decisions and failures after the response", async () => {
      const send = clientOf(await startWith({}));
      await send("/mine");
      await send("/mine");
      await send("/broken");
      await expect
        .poll(async () => (await reported(send)).toSorted(), PATIENTLY)
        .toEqual([
          "broken: within-limit",
          "failure of identity broken",
          "mine: over-limit",
          "mine: within-limit",
          // Both rules allow one request in a window.
          "near-limit",
          "near-limit",
        ]);
    });
  });

  describe("a store that fails", () => {
    /** Sends a request to a rule that fails open and one to a rule that fails closed, and returns their events. */
    const withStore = async (changes: Partial<Bindings>) => {
      const send = clientOf(await startWith(changes));
      const open = await send("/mine");
      const closed = await send("/closed");
      await expect.poll(() => reported(send), PATIENTLY).toHaveLength(2);
      const events = await reported(send);
      return { open, closed, events };
    };

    const failed = (code: string) => [`mine: store-failed ${code}`, `closed: store-failed ${code}`];

    test("an unreachable store makes each rule fail open or closed as its policy says", async () => {
      const { open, closed, events } = await withStore({ STORE_URL: "http://127.0.0.1:1" });
      expect(isAllowed(open)).toBe(true);
      expect(open.headers.has("ratelimit")).toBe(false);
      expect(closed.status).toBe(503);
      expect(await closed.json()).toMatchObject({
        type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
      });
      expect(events).toEqual(failed("STORE_UNREACHABLE"));
    });

    test("a store that never answers fails at the deadline", async () => {
      const silent = createServer(() => undefined);
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      cleanUp(silent, (it) => {
        it.closeAllConnections();
        return new Promise((resolve) => it.close(resolve));
      });
      const address = silent.address();
      const port = typeof address === "object" && address ? address.port : 0;
      const { open, closed, events } = await withStore({
        STORE_URL: `http://127.0.0.1:${port}`,
        DEADLINE_MS: "50",
      });
      expect(isAllowed(open)).toBe(true);
      expect(closed.status).toBe(503);
      expect(events).toEqual(failed("STORE_TIMEOUT"));
    });

    test("a store that rejects the token makes each rule fail open or closed", async () => {
      const { open, closed, events } = await withStore({ STORE_TOKEN: "of-another-app" });
      expect(isAllowed(open)).toBe(true);
      expect(closed.status).toBe(503);
      expect(events).toEqual(failed("STORE_UNAUTHORIZED"));
    });
  });
}
