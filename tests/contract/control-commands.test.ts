import { describe, expect, test } from "vitest";
import { callCommand } from "../support/call-command.ts";
import { answerCommand, runCommand } from "../support/command.ts";
import { appOf, controlCommandApps, shown, TERMS } from "../support/control-command-apps.ts";

const { live, project, envOf, idsIn } = controlCommandApps();

const HOLDS =
  "holds  on each instance that follows it, from the second request made two seconds after the change\n";
const FOLLOWS = "app  the gate of proxy.ts follows what is set\n";
describe("a change", () => {
  test("headgate block shows the effect, and a running gate obeys until the block is removed", async () => {
    const root = project();
    const env = envOf("block");
    const { send } = await appOf(root, env);
    let host = 7;
    // Each request has another client, because their limit is not tested here.
    const next = () => send({ ip: `203.0.113.${(host += 1)}` });
    const statusIn = (status: number) =>
      expect.poll(next, { timeout: 20_000, interval: 200 }).toBe(status);
    expect(await send()).toBe(200);
    const set = await runCommand(root, env, "block", "--ip", "203.0.113.0/24", ...TERMS, "--yes");
    expect({ ...set, stdout: shown(set.stdout) }).toEqual({
      status: 0,
      stdout: `block  203.0.113.0/24, which is 256 addresses
effect  requests get 403, on every path that the gate sees
until  AT, in 1 hour
reason  a flood of logins
by  ada
${HOLDS}${FOLLOWS}set  network:203.0.113.0/24, until AT
undo  headgate block remove network:203.0.113.0/24
`,
      stderr: "",
    });
    await statusIn(403);
    const inspected = await callCommand(root, env, "inspect", "--ip", "203.0.113.7");
    expect(shown(inspected.stdout)).toContain(`
blocked  by network:203.0.113.0/24 (a flood of logins): requests get 403, and their lines of the log have it as "entry"
set  block 203.0.113.0/24 until AT, set by ada: a flood of logins (network:203.0.113.0/24)

search: blocked by network:203.0.113.0/24
  search:user|ip:day  1 used of 3 per day, 2 left`);

    const list = await callCommand(root, env, "control", "list");
    expect(shown(list.stdout)).toMatch(
      /^entry {2}ends in {2}until {2}by {2}id {2}reason\nblock 203\.0\.113\.0\/24 {2}(?:59 minutes \d+ seconds?|1 hour) {2}AT {2}ada {2}network:203\.0\.113\.0\/24 {2}a flood of logins\n$/,
    );
    const args = ["block", "remove", "--ip", "203.0.113.0/24", "--by", "bob", "--yes"];
    const removed = await callCommand(root, env, ...args);
    expect({ ...removed, stdout: shown(removed.stdout) }).toEqual({
      status: 0,
      stdout: `remove  block 203.0.113.0/24 until AT, set by ada: a flood of logins (network:203.0.113.0/24)
${HOLDS}removed  network:203.0.113.0/24
`,
      stderr: "",
    });
    await statusIn(200);
    expect((await callCommand(root, env, "control", "list")).stdout).toBe("nothing is set\n");
    const log = await runCommand(root, env, "control", "log");
    expect({ ...log, stdout: shown(log.stdout) }).toEqual({
      status: 0,
      stdout: `when  by  change  id  reason
AT  bob  remove block 203.0.113.0/24  network:203.0.113.0/24
AT  ada  set block 203.0.113.0/24 until AT  network:203.0.113.0/24  a flood of logins
`,
      stderr: "",
    });
  });

  test("headgate override raises the limit of one user, and --json prints the entry", async () => {
    const root = project();
    const env = envOf("override");
    const { gate, send } = await appOf(root, env);
    const args = ["override", "--rule", "search", "--to", "2x", "--user", "ada", ...TERMS, "--yes"];
    const set = await runCommand(root, env, ...args, "--json");
    const key = gate.keyedHash("user", "ada");
    const entry = {
      kind: "override",
      rule: "search",
      limit: null,
      to: "2x",
      client: { clientKey: key, identity: "user" },
      id: `override:search@${key}`,
      reason: "a flood of logins",
      by: "ada",
      at: expect.any(Number) as number,
      until: expect.any(Number) as number,
      endsInMs: 3_600_000,
      isUsable: true,
    };
    expect([set.status, JSON.parse(set.stdout), set.stderr]).toEqual([0, entry, ""]);

    // The first request of an instance loads the control document.
    await send({ ip: "198.51.100.1" });
    const statuses = [];
    for (let i = 0; i < 7; i += 1) statuses.push(await send({ user: "ada" }));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429]);

    const inspected = await callCommand(root, env, "inspect", "--user", "ada", "--rule", "search");
    expect(shown(inspected.stdout)).toContain(`
set  override search to 2x for user KEY until AT, set by ada: a flood of logins (override:search@KEY)

search: denied by search:user|ip:day; allowed again in `);
    expect(inspected.stdout).toContain(
      "search:user|ip:day  6 used of 6 per day (3 by the policy), 0 left",
    );

    const list = await callCommand(root, env, "override", "list", "--json");
    const ends = { endsInMs: expect.any(Number) as number };
    expect(JSON.parse(list.stdout)).toEqual([{ ...entry, ...ends }]);
    expect((await callCommand(root, env, "block", "list", "--json")).stdout).toBe("[]\n");
    const whole = ["override", "--rule", "trial", "--to", "0.5x", ...TERMS, "--yes"];
    expect(shown((await callCommand(root, env, ...whole)).stdout)).toBe(
      `override trial to 0.5x for every client
effect  trial:ip:hour: 9 per hour becomes 4 per hour
  trial:global:day: 900 per day becomes 450 per day
until  AT, in 1 hour
reason  a flood of logins
by  ada
${HOLDS}${FOLLOWS}set  override:trial, until AT
undo  headgate override remove override:trial
`,
    );
    const remove = ["override", "remove", "--rule", "search", "--user", "ada", "--yes", "--json"];
    const removed = await callCommand(root, env, ...remove);
    expect(JSON.parse(removed.stdout)).toEqual({ ...entry, ...ends });
  });

  test("headgate mode sets one rule and all rules, and a later block warns that it is not enforced", async () => {
    const root = project();
    const env = envOf("mode");
    const { send } = await appOf(root, env);
    const off = await runCommand(root, env, "mode", "off", "--rule", "search", ...TERMS, "--yes");
    expect(shown(off.stdout)).toContain(
      "mode  off of the rule search\neffect  enforced by the policy; it counts and denies nothing\n",
    );
    for (let i = 0; i < 5; i += 1) expect(await send()).toBe(200);
    const shadow = await callCommand(root, env, "mode", "set", "shadow", ...TERMS, "--yes");
    expect(shown(shadow.stdout)).toContain(`mode  shadow of everything
effect  HEADGATE_MODE is enforce here; everything is counted and reported, and no request is denied or blocked
`);
    expect(shown(shadow.stdout)).toContain(
      "also set mode off of search until AT, set by ada: a flood of logins (mode:search): it holds as well\n",
    );
    const block = await callCommand(root, env, "block", "--user", "eve", ...TERMS, "--yes");
    expect(shown(block.stdout)).toMatch(/^block {2}user eve \(client key KEY\)\n/);
    expect(shown(block.stdout)).toContain(
      "also set mode shadow of everything until AT, set by ada: a flood of logins (mode): the block is reported and not enforced meanwhile\n",
    );
    const removed = await callCommand(root, env, "mode", "remove", "--yes");
    expect(shown(removed.stdout)).toContain("removed  mode\n");
    const byId = await callCommand(root, env, "control", "remove", "mode:search", "--yes");
    expect(shown(byId.stdout)).toContain("removed  mode:search\n");
    const [entry] = JSON.parse(
      (await callCommand(root, env, "control", "list", "--json")).stdout,
    ) as object[];
    expect(entry).toMatchObject({ kind: "block", client: { identity: "user" } });
  });

  test("headgate block warns of an entry that allows a network before it blocks a part of it, and that entry holds", async () => {
    const root = project();
    const env = envOf("allow");
    const { send } = await appOf(root, env);
    await runCommand(root, env, "allow", "--ip", "203.0.113.0/24", ...TERMS, "--yes", "--json");
    const block = await callCommand(root, env, "block", "--ip", "203.0.113.7", ...TERMS, "--yes");
    expect(shown(block.stdout)).toContain(
      "also set allow 203.0.113.0/24 until AT, set by ada: a flood of logins (network:203.0.113.0/24): it takes precedence over this, so nothing is blocked while it holds\n",
    );
    for (let i = 0; i < 6; i += 1) expect(await send()).toBe(200);
    const other = await callCommand(
      root,
      env,
      "block",
      "remove",
      "--ip",
      "203.0.113.0/24",
      "--yes",
    );
    expect([other.status, other.stderr]).toEqual([
      2,
      expect.stringContaining("headgate allow remove network:203.0.113.0/24"),
    ]);
    const again = await callCommand(root, env, "allow", "--ip", "203.0.113.7", ...TERMS, "--yes");
    expect(shown(again.stdout)).toContain("replaces block ip KEY until AT");
    expect(shown(again.stdout)).not.toContain("this takes precedence over it");
  });

  test("headgate reset frees a client on a gate that has denied it, and is in the log of changes", async () => {
    const root = project();
    const env = envOf("reset");
    const { send } = await appOf(root, env);
    const statuses = [];
    for (let i = 0; i < 4; i += 1) statuses.push(await send());
    expect(statuses).toEqual([200, 200, 200, 429]);
    const args = ["reset", "--ip", "203.0.113.7", "--reason", "ticket 4711", "--by", "ada"];
    const { stdout } = await runCommand(root, env, ...args, "--yes");
    expect(stdout).toContain(
      "it is free from their second request\nthat is made two seconds later",
    );
    // Without the entry of the reset, the gate remembers the denial for 30 seconds.
    await expect.poll(() => send(), { timeout: 20_000, interval: 200 }).toBe(200);
    const log = await callCommand(root, env, "control", "log", "--last", "1");
    expect(log.stdout).toMatch(/ {2}ada {2}reset {3}reset:\S+ {2}ticket 4711\n$/);
  });

  test("a change asks for confirmation in a terminal, and changes nothing without one", async () => {
    const root = project();
    const env = envOf("asked");
    const args = ["block", "--ip", "203.0.113.0/24", ...TERMS];
    for (const more of [[], ["--json"]]) {
      const { status, stdout, stderr } = await callCommand(root, env, ...args, ...more);
      expect([status, stdout, stderr]).toEqual([
        2,
        "",
        expect.stringContaining("CLI_USAGE: Nothing was changed"),
      ]);
    }
    expect(await answerCommand(root, env, args, "n")).toMatch(
      /requests get 403[^]*Set this\?[^]*Nothing was changed\./,
    );
    expect(await live.direct.keys("asked:*")).toEqual([]);
    expect(await answerCommand(root, env, args, "y")).toMatch(
      /Set this\?[^]*set {6}network:203\.0\.113\.0\/24/,
    );
    const remove = ["block", "remove", "network:203.0.113.0/24"];
    const { status, stderr } = await runCommand(root, env, ...remove);
    expect([status, stderr]).toEqual([2, expect.stringContaining("Nothing was changed")]);
    expect(await answerCommand(root, env, remove, "n")).toContain("Nothing was changed.");
    expect(await idsIn("asked")).toEqual(["network:203.0.113.0/24"]);
  });
});

test("a command warns of a gate that does not follow the control document, when its source shows that", async () => {
  const gate = `import { createHeadgate } from "headgate";
import policy from "./config/rate-limits";
export const gate = createHeadgate(policy);
`;
  const args = ["mode", "shadow", ...TERMS, "--yes"];
  const { stdout } = await callCommand(project({ "gate.ts": gate }), envOf("deaf"), ...args);
  expect(shown(stdout)).toContain(
    "app  the gate of proxy.ts does not follow what is set, so nothing changes",
  );
});
