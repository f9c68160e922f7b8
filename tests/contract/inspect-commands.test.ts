import { describe, expect, test } from "vitest";
import { callCommand } from "../support/call-command.ts";
import { answerCommand, runCommand } from "../support/command.ts";
import { liveStore } from "../support/live-store.ts";
import { startRedis } from "../support/redis.ts";
import { scope } from "../support/scope.ts";
import { inspectedApps, SECRET } from "../support/inspected-apps.ts";

const live = liveStore();
const cleanUp = scope();
const { project, restEnv, appOf } = inspectedApps(live);

/** Returns the output for people, without the namespace, keys and times. */
function shown(stdout: string): string {
  return stdout
    .replaceAll(/\{[\w-]{22}\}/g, "{KEY}")
    .replaceAll(/[\w-]{22}:/g, "KEY:")
    .replaceAll(/[\w-]+:rate_limit/g, "NAMESPACE:rate_limit")
    .replaceAll(/ in \d+ (?:day|hour|minute|second)s?(?: \d+ \w+)?/g, " in TIME");
}

const INSPECTED = `client   KEY: search for it in the log

search: denied by search:user|ip:day; allowed again in TIME
  search:user|ip:day  3 used of 3 per day, 0 left, more in TIME
    counts "user|ip" by sliding-log
    NAMESPACE:rate_limit:{KEY}:search:user|ip:86400000:2

trial: denied by trial:ip:day; allowed again in TIME, but the rule is in shadow: the request is allowed
  trial:ip:day  1 used of 1 per day, 0 left, more in TIME
    counts "ip" by sliding-log
    NAMESPACE:rate_limit:{KEY}:trial:ip:86400000:2:shadow
  trial:global:day  1 used of 900 per day, 899 left, more in TIME
    counts all clients together by sliding-window
    NAMESPACE:rate_limit:{KEY}:trial:global:86400000:2:shadow

plans (free): allowed
  the tier of a client without plan; for another tier use --identity plan=…
  plans:user:day  0 used of 2 per day, 2 left
    counts "user" by sliding-log
    NAMESPACE:rate_limit:{KEY}:plans:user:86400000:2
`;

/** The last lines of headgate reset. */
const REMEMBERED = `Instances that follow what is set forget their denials of this client: it is free from their second request
that is made two seconds later. Others remember a denial for up to 30 seconds.
`;

describe("with the store of the environment", () => {
  test("headgate inspect shows a client's limits, and headgate reset frees it", async () => {
    const root = project();
    const env = { ...restEnv(), HEADGATE_NAMESPACE: "golden" };
    const { gate, send } = await appOf(root, env);
    for (let i = 0; i < 3; i += 1) expect(await send("203.0.113.7")).toBe(200);
    const text = await runCommand(root, env, "inspect", "--ip", "203.0.113.7");
    expect({ ...text, stdout: shown(text.stdout) }).toEqual({
      status: 0,
      stdout: INSPECTED,
      stderr: "",
    });

    const key = gate.keyedHash("ip", "203.0.113.7");
    const one = await callCommand(
      root,
      env,
      "inspect",
      `--key=${key}`,
      "--rule",
      "search",
      "--json",
    );
    expect(JSON.parse(one.stdout)).toEqual({
      mode: "enforce",
      listed: null,
      set: [],
      countedIn: "store",
      clientKeys: [key],
      rules: [
        {
          rule: "search",
          tier: null,
          isShadow: false,
          isAllowed: false,
          reason: "over-limit",
          entry: null,
          hasCapacity: false,
          retryAfterMs: expect.any(Number) as number,
          limits: [
            {
              name: "search:user|ip:day",
              subject: "user|ip",
              isGlobal: false,
              clientKey: key,
              key: `golden:rate_limit:{${key}}:search:user|ip:86400000:2`,
              algorithm: "sliding-log",
              limit: 3,
              policyLimit: 3,
              windowMs: 86_400_000,
              cost: 1,
              used: 3,
              remaining: 0,
              waitMs: expect.any(Number) as number,
              resetMs: expect.any(Number) as number,
            },
          ],
        },
      ],
      unknown: [],
    });

    const reset = await runCommand(root, env, "reset", "--ip", "203.0.113.7", "--yes");
    expect({ ...reset, stdout: shown(reset.stdout) }).toEqual({
      status: 0,
      stdout: [
        "freed    search:user|ip:day  NAMESPACE:rate_limit:{KEY}:search:user|ip:86400000:2",
        "freed    trial:ip:day  NAMESPACE:rate_limit:{KEY}:trial:ip:86400000:2:shadow",
        REMEMBERED,
      ].join("\n"),
      stderr: "",
    });
    const again = await callCommand(root, env, "reset", `--key=${key}`, "--yes", "--json");
    expect(JSON.parse(again.stdout)).toEqual({
      freed: [],
      unknown: [],
      denialsEndWithinMs: 30_000,
    });
  });

  test("headgate inspect accepts identities, and names those that it cannot look up", async () => {
    const root = project();
    const env = { ...restEnv(), HEADGATE_NAMESPACE: "identities", HEADGATE_MODE: "shadow" };
    const { gate } = await appOf(root, { ...env, HEADGATE_MODE: "enforce" });
    await gate.limits.limit("plans", { user: "ada", plan: "pro" });
    const args = ["inspect", "--user", "ada", "--identity", "plan=pro"];
    const { stdout } = await callCommand(root, env, ...args);
    expect(stdout).toContain("mode     HEADGATE_MODE=shadow");
    expect(stdout).toContain(
      "plans (pro): allowed\n  plans:user:day  1 used of 20 per day, 19 left",
    );
    expect(stdout).toContain(
      "unknown  trial:ip:day counts the address, which was not given: use --ip",
    );
    const planAlone = await callCommand(root, env, "inspect", "--identity", "plan=pro");
    expect(planAlone.stdout).toContain(
      "unknown  plans:user:day counts user, or the address of a client without it; none was given: use --identity user=… or --ip",
    );
    const named = await callCommand(
      root,
      env,
      "inspect",
      "--identity=user=ada",
      "--identity=plan=pro",
    );
    expect(named).toEqual({ status: 0, stdout, stderr: "" });
  });

  test("headgate reset deletes nothing without confirmation, and asks for it in a terminal", async () => {
    const root = project();
    const env = { ...restEnv(), HEADGATE_NAMESPACE: "asked" };
    const { send } = await appOf(root, env);
    await send("203.0.113.7");
    const before = await live.direct.keys("asked:rate_limit:*");
    const args = ["reset", "--ip", "203.0.113.7", "--rule", "search"];
    for (const more of [[], ["--json"]]) {
      const { status, stderr } = await callCommand(root, env, ...args, ...more);
      expect([status, stderr]).toEqual([2, expect.stringContaining("Nothing was deleted")]);
    }
    expect(await answerCommand(root, env, args, "n")).toContain("Nothing was deleted.");
    expect((await live.direct.keys("asked:rate_limit:*")).toSorted()).toEqual(before.toSorted());
    const freed = await answerCommand(root, env, args, "y");
    expect(freed).toMatch(
      /1 used of 3[^]*Delete the counts of this client[^]*freed {4}search:user\|ip:day/,
    );
    expect(await live.direct.keys("asked:rate_limit:*")).toHaveLength(before.length - 1);
  });

  test.each([
    [["inspect"], "a client key must be given"],
    [["inspect", "--ip", "nowhere"], "ip must be an IPv4 or IPv6 address"],
    [["inspect", "--identity", "ada"], "--identity must be name=value"],
    [["inspect", "--user", "ada", "--rule", "serch"], 'There is no rule "serch"'],
    [["reset", "--key", "short", "--yes"], "key must be a client key"],
    [["reset", "--yes", "--ip", "--json"], "Option '--ip' needs a value"],
  ])("the command %j ends with 2 and the reason", async (args, why) => {
    const { status, stderr } = await callCommand(project(), restEnv(), ...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(why)]);
  });

  test("a client key may start with a hyphen", async () => {
    const key = `-${"a".repeat(21)}`;
    const { status, stdout } = await callCommand(project(), restEnv(), "inspect", `--key=${key}`);
    expect([status, stdout.trim()]).toEqual([0, "no limit of the policy has counted this client"]);
  });

  test("an unavailable store ends each command with 1 and the reason", async () => {
    const redis = cleanUp(await startRedis(), (it) => it.stop());
    const root = project();
    redis.freeze();
    const frozen = { REDIS_URL: redis.url, HEADGATE_SECRET: SECRET };
    const unreachable = { ...restEnv(), UPSTASH_REDIS_REST_URL: "http://127.0.0.1:9" };
    const started = performance.now();
    const ended = await Promise.all([
      runCommand(root, frozen, "inspect", "--ip", "203.0.113.7"),
      callCommand(root, frozen, "reset", "--ip", "203.0.113.7", "--yes"),
      callCommand(root, frozen, "control", "list"),
      callCommand(root, unreachable, "inspect", "--ip", "203.0.113.7"),
      callCommand(root, unreachable, "reset", "--ip", "203.0.113.7", "--yes"),
    ]);
    expect(performance.now() - started).toBeLessThan(30_000);
    redis.thaw();
    for (const { status, stdout, stderr } of ended) {
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^STORE_(?:TIMEOUT|UNREACHABLE): /);
    }
  });

  test("without a store and without a running app, both commands report that", async () => {
    const { status, stderr } = await callCommand(project(), {}, "inspect", "--ip", "203.0.113.7");
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^STORE_NOT_FOUND: /)]);
  });
});
