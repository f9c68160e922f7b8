import { describe, expect, test } from "vitest";
import type { Start } from "./runtime.ts";
import { testAtOnce } from "./suite/at-once.ts";
import { testClients } from "./suite/clients.ts";
import { testEvents } from "./suite/events.ts";
import { startGuard } from "./suite/guard.ts";
import { testResponses } from "./suite/responses.ts";
import { testRules } from "./suite/rules.ts";

/** The behaviour of the gate, which is the same in all runtimes. */
export function describeGuard(runtime: string, start: Start): void {
  describe(`the guard in ${runtime}`, () => {
    const guard = startGuard(runtime, start);
    testRules(guard);
    testResponses(guard);
    testClients(guard);
    testEvents(guard);
    testAtOnce(guard);

    test("the tools of handlers return the documented results", async () => {
      const answer = await guard.send(new Request("http://app.example/tools"));
      expect(await answer.json()).toEqual({
        dedup: {
          ran: [true, false],
          kept: { sent: 1 },
          counted: [true, false],
          many: ["first", "first", "duplicate"],
          tracked: [true, false],
        },
        idempotent: {
          statuses: [201, 201, 422, 400, 201],
          replayed: "true",
          again: { runs: 1, body: "{}" },
        },
        locks: {
          refused: null,
          isAborted: false,
          isReleased: true,
          isLater: true,
          isNextReleased: true,
          used: { ran: true, value: false, isLocked: true },
        },
        fences: [true, false, true],
        flights: { flights: 1, values: [{ fare: 1 }, { fare: 1 }, { fare: 1 }] },
        failures: [],
      });
    });
  });
}
