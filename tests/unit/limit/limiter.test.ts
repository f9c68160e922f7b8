import { expect, test } from "vitest";
import { createHeadgate, definePolicy, type HeadgateEvent, fromEnv } from "headgate";
import { MemoryLimits } from "headgate/memory";

/** A store that throws a text synchronously while it is broken. */
class BreakingLimits extends MemoryLimits {
  isBroken = false;

  override consume(...given: Parameters<MemoryLimits["consume"]>) {
    if (this.isBroken) throw "broken";
    return super.consume(...given);
  }

  override peek(): never {
    throw "broken";
  }

  override refund(): never {
    throw "broken";
  }

  override restore(): never {
    throw "broken";
  }
}

test("a store that synchronously throws a value other than an error counts as failed", async () => {
  const store = new BreakingLimits();
  const events: HeadgateEvent[] = [];
  const policy = definePolicy({
    rules: {
      open: { limits: { ip: "2 per hour" } },
      closed: { limits: { ip: "2 per hour" }, onStoreFailure: "deny" },
      local: { match: "/local", limits: { ip: "2 per hour" }, onStoreFailure: "local" },
    },
  });
  const { limits, middleware } = createHeadgate(policy, () => ({
    ...fromEnv({
      UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9",
      UPSTASH_REDIS_REST_TOKEN: "token",
      CLIENT_IP_FROM: "hops:1",
    }),
    limitStore: () => store,
    onEvent: (event) => void events.push(event),
  }));
  const client = { ip: "203.0.113.9" };
  const counted = await limits.limit("open", client);
  expect(counted).toMatchObject({ counted: "in-store" });
  expect(await limits.refund(counted)).toBe(0);
  expect(await limits.peek("open", client)).toMatchObject({ reason: "store-failed" });

  store.isBroken = true;
  expect(await limits.limit("closed", client)).toMatchObject({ allowed: false });
  expect(await limits.limit("local", client)).toMatchObject({ counted: "in-process" });

  // The local counts cannot be restored, and this is no failure of a report.
  store.isBroken = false;
  const after: Promise<unknown>[] = [];
  await middleware(new Request("http://app.example/local"), {
    waitUntil: (work) => after.push(work),
  });
  await Promise.all(after);
  expect(events.filter(({ kind }) => kind === "failure")).toEqual([]);
});
