import { afterAll, beforeAll, expect, test } from "vitest";
import { redisHealthOver } from "../support/redis-health.ts";
import { scope } from "../support/scope.ts";
import { CASES } from "./cases.ts";
import { DEADLINE_MS, startWorld, TOKEN, type World } from "./world.ts";

/** The code that each fault causes. */
const CODES = {
  "connection refused": "STORE_UNREACHABLE",
  "accepted and never answered": "STORE_TIMEOUT",
  "2 s slow": "STORE_TIMEOUT",
  "closed in mid body": "STORE_UNREACHABLE",
  "401": "STORE_UNAUTHORIZED",
  "429, the store's own quota": "STORE_OVER_QUOTA",
  "400, the store's own quota": "STORE_OVER_QUOTA",
  "database suspended": "STORE_SUSPENDED",
  "HTML instead of JSON": "STORE_BAD_ANSWER",
  "wrong shape": "STORE_BAD_ANSWER",
  // The gateway connects again, because another Redis may be the primary now.
  "READONLY replica": "STORE_READ_ONLY|STORE_UNREACHABLE",
  "OOM, maxmemory with noeviction": "STORE_OUT_OF_MEMORY",
  "NOPERM, an ACL without scripts": "STORE_NOT_PERMITTED",
  "SIGSTOP for 5 s": "STORE_TIMEOUT",
} as const;

/** The deadline and the delay of a loaded machine; shorter than each of the faults. */
const MOST_MS = DEADLINE_MS + 4000;

/** This number of failures in a row opens the breaker. */
const FAILURES = 5;

let world: World;
const cleanUp = scope(afterAll);
beforeAll(async () => {
  world = cleanUp(await startWorld(), (it) => it.stop());
});

test.each(Object.entries(CODES))(
  "/api/health/redis is down within the deadline, for an admin too, and well afterwards: %s is %s",
  async (name, code) => {
    const fault = CASES.find((it) => it.name === name);
    if (!fault) throw new Error(`The case ${name} does not exist.`);
    const { checkAsAdmin } = redisHealthOver(
      { url: world.proxy.url, token: TOKEN },
      { deadlineMs: DEADLINE_MS },
    );
    const end = await fault.begin(world);
    let last: unknown;
    try {
      for (let call = 1; call <= FAILURES + 1; call += 1) {
        const began = performance.now();
        const answer = await checkAsAdmin();
        expect(performance.now() - began).toBeLessThan(MOST_MS);
        expect(answer.status).toBe(503);
        const text = await answer.text();
        const codes = expect.stringMatching(new RegExp(`^(?:${code})$`));
        expect(JSON.parse(text)).toMatchObject({ status: "down", code: codes });
        expect(text).not.toMatch(/127\.0\.0\.1|redis:|token/i);
        last = JSON.parse(text);
      }
      // An answer of the wrong form is an answer: the breaker does not open.
      expect(last).toMatchObject({ breaker: name === "wrong shape" ? "closed" : "open" });
    } finally {
      await end();
    }
    // A call whose answer had the wrong form did not fail, but its answer was useless.
    const status = name === "wrong shape" ? /^(?:ok|degraded)$/ : /^degraded$/;
    await expect
      .poll(async () => (await checkAsAdmin()).json())
      .toMatchObject({ status: expect.stringMatching(status), breaker: "closed" });
  },
);
