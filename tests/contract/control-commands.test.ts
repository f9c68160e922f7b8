import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { importPolicy } from "#lib/cli/check";
import { controlKeys } from "#lib/control/keys";
import { live as follow } from "#lib/control/live";
import { createHeadgate } from "#lib/create";
import { fromEnv } from "#lib/env";
import { keyNames } from "#lib/redis/keys";
import { recordRunningStore } from "#lib/server/running-store";
import { answerCommand, type Env, makeAppFolder, runCommand } from "../support/command.ts";
import { liveStore } from "../support/live-store.ts";
import { scope } from "../support/scope.ts";

const live = liveStore();
const cleanUp = scope();

const POLICY = `export default {
  identities: { user: ({ headers }) => headers.get("x-user") ?? undefined },
  rules: {
    search: { match: "/api/search", limits: { "user|ip": "3 per day" } },
    trial: { match: "/api/trial", limits: { ip: "9 per hour", global: "900 per day" } },
  },
};
`;

const GATE = `import { createHeadgate, fromEnv } from "headgate";
import { live } from "headgate/live";
import policy from "./config/rate-limits";
export const gate = createHeadgate(policy, () => ({ ...fromEnv(), live }));
`;

function project(files: Readonly<Record<string, string>> = {}): string {
  const root = makeAppFolder({
    "config/rate-limits.ts": POLICY,
    "gate.ts": GATE,
    "proxy.ts": 'import { gate } from "./gate";\nexport default gate.middleware;\n',
    ...files,
  });
  return cleanUp(root, (it) => rmSync(it, { recursive: true }));
}

const SECRET = "a secret of the tests, long enough";

/** The environment of an app with a separate namespace in the store. */
function envOf(namespace: string, more: Env = {}): Env {
  return {
    UPSTASH_REDIS_REST_URL: live.store.url,
    UPSTASH_REDIS_REST_TOKEN: live.store.token,
    HEADGATE_SECRET: SECRET,
    HEADGATE_NAMESPACE: namespace,
    TZ: "UTC",
    ...more,
  };
}

interface Sent {
  readonly ip?: string;
  readonly user?: string;
}

/** An app in another process than the commands; its gate follows the control document. */
async function appOf(root: string, env: Env) {
  const policy = await importPolicy(join(root, "config", "rate-limits.ts"));
  const { missing: _, ...settings } = fromEnv({
    HEADGATE_APP: "shop",
    HEADGATE_STORE_DEADLINE_MS: "10000",
    NODE_ENV: "production",
    CLIENT_IP_FROM: "hops:1",
    ...env,
  });
  const gate = createHeadgate(policy, { ...settings, onEvent: [], live: follow });
  const send = async ({ ip = "203.0.113.7", user }: Sent = {}) => {
    const headers = { "x-forwarded-for": ip, ...(user !== undefined && { "x-user": user }) };
    const request = new Request("https://shop.example/api/search", { headers });
    const work: Promise<unknown>[] = [];
    const event = { waitUntil: (each: Promise<unknown>) => void work.push(each) };
    const { status } = await gate.middleware(request, event);
    await Promise.all(work);
    return status;
  };
  return { gate, send };
}

/** Returns the ids of the entries that the store holds in a namespace. */
function idsIn(namespace: string): Promise<string[]> {
  return live.direct.hkeys(controlKeys(keyNames(namespace)).entries);
}

/** Returns the output for people, without client keys and times. */
function shown(stdout: string): string {
  return stdout
    .replaceAll(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, "AT")
    .replaceAll(/(?<![\w-])[\w-]{22}(?![\w-])/g, "KEY")
    .replaceAll(/ {2,}(?=\S)/g, "  ");
}

const TERMS = ["--for", "1h", "--reason", "a flood of logins", "--by", "ada"];

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
    const inspected = await runCommand(root, env, "inspect", "--ip", "203.0.113.7");
    expect(shown(inspected.stdout)).toContain(`
blocked  by network:203.0.113.0/24 (a flood of logins): requests get 403, and their lines of the log have it as "entry"
set  block 203.0.113.0/24 until AT, set by ada: a flood of logins (network:203.0.113.0/24)

search: blocked by network:203.0.113.0/24
  search:user|ip:day  1 used of 3 per day, 2 left`);

    const list = await runCommand(root, env, "control", "list");
    expect(shown(list.stdout)).toMatch(
      /^entry {2}ends in {2}until {2}by {2}id {2}reason\nblock 203\.0\.113\.0\/24 {2}(?:59 minutes \d+ seconds?|1 hour) {2}AT {2}ada {2}network:203\.0\.113\.0\/24 {2}a flood of logins\n$/,
    );
    const args = ["block", "remove", "--ip", "203.0.113.0/24", "--by", "bob", "--yes"];
    const removed = await runCommand(root, env, ...args);
    expect({ ...removed, stdout: shown(removed.stdout) }).toEqual({
      status: 0,
      stdout: `remove  block 203.0.113.0/24 until AT, set by ada: a flood of logins (network:203.0.113.0/24)
${HOLDS}removed  network:203.0.113.0/24
`,
      stderr: "",
    });
    await statusIn(200);
    expect((await runCommand(root, env, "control", "list")).stdout).toBe("nothing is set\n");
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

    const inspected = await runCommand(root, env, "inspect", "--user", "ada", "--rule", "search");
    expect(shown(inspected.stdout)).toContain(`
set  override search to 2x for user KEY until AT, set by ada: a flood of logins (override:search@KEY)

search: denied by search:user|ip:day; allowed again in `);
    expect(inspected.stdout).toContain(
      "search:user|ip:day  6 used of 6 per day (3 by the policy), 0 left",
    );

    const list = await runCommand(root, env, "override", "list", "--json");
    const ends = { endsInMs: expect.any(Number) as number };
    expect(JSON.parse(list.stdout)).toEqual([{ ...entry, ...ends }]);
    expect((await runCommand(root, env, "block", "list", "--json")).stdout).toBe("[]\n");
    const whole = ["override", "--rule", "trial", "--to", "0.5x", ...TERMS, "--yes"];
    expect(shown((await runCommand(root, env, ...whole)).stdout)).toBe(
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
    const removed = await runCommand(root, env, ...remove);
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
    const shadow = await runCommand(root, env, "mode", "set", "shadow", ...TERMS, "--yes");
    expect(shown(shadow.stdout)).toContain(`mode  shadow of everything
effect  HEADGATE_MODE is enforce here; everything is counted and reported, and no request is denied or blocked
`);
    expect(shown(shadow.stdout)).toContain(
      "also set mode off of search until AT, set by ada: a flood of logins (mode:search): it holds as well\n",
    );
    const block = await runCommand(root, env, "block", "--user", "eve", ...TERMS, "--yes");
    expect(shown(block.stdout)).toMatch(/^block {2}user eve \(client key KEY\)\n/);
    expect(shown(block.stdout)).toContain(
      "also set mode shadow of everything until AT, set by ada: a flood of logins (mode): the block is reported and not enforced meanwhile\n",
    );
    const removed = await runCommand(root, env, "mode", "remove", "--yes");
    expect(shown(removed.stdout)).toContain("removed  mode\n");
    const byId = await runCommand(root, env, "control", "remove", "mode:search", "--yes");
    expect(shown(byId.stdout)).toContain("removed  mode:search\n");
    const [entry] = JSON.parse(
      (await runCommand(root, env, "control", "list", "--json")).stdout,
    ) as object[];
    expect(entry).toMatchObject({ kind: "block", client: { identity: "user" } });
  });

  test("headgate block warns of an entry that allows a network before it blocks a part of it, and that entry holds", async () => {
    const root = project();
    const env = envOf("allow");
    const { send } = await appOf(root, env);
    await runCommand(root, env, "allow", "--ip", "203.0.113.0/24", ...TERMS, "--yes", "--json");
    const block = await runCommand(root, env, "block", "--ip", "203.0.113.7", ...TERMS, "--yes");
    expect(shown(block.stdout)).toContain(
      "also set allow 203.0.113.0/24 until AT, set by ada: a flood of logins (network:203.0.113.0/24): it takes precedence over this, so nothing is blocked while it holds\n",
    );
    for (let i = 0; i < 6; i += 1) expect(await send()).toBe(200);
    const other = await runCommand(root, env, "block", "remove", "--ip", "203.0.113.0/24", "--yes");
    expect([other.status, other.stderr]).toEqual([
      2,
      expect.stringContaining("headgate allow remove network:203.0.113.0/24"),
    ]);
    const again = await runCommand(root, env, "allow", "--ip", "203.0.113.7", ...TERMS, "--yes");
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
    const log = await runCommand(root, env, "control", "log", "--last", "1");
    expect(log.stdout).toMatch(/ {2}ada {2}reset {3}reset:\S+ {2}ticket 4711\n$/);
  });

  test("a change asks for confirmation in a terminal, and changes nothing without one", async () => {
    const root = project();
    const env = envOf("asked");
    const args = ["block", "--ip", "203.0.113.0/24", ...TERMS];
    for (const more of [[], ["--json"]]) {
      const { status, stdout, stderr } = await runCommand(root, env, ...args, ...more);
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

describe("invalid commands", () => {
  const set = ["--for", "1h", "--reason", "x", "--yes"];

  test.each([
    [["block", "--ip", "0.0.0.0/0", ...set], 2, "the network is 100% of all addresses"],
    [["allow", "--ip", "2000::/3", ...set], 2, "Add --wide if you mean it"],
    [["block", "--ip", "203.0.113.7/24", ...set], 2, '"203.0.113.0/24"'],
    [["block", "--identity", "usr=ada", ...set], 2, 'did you mean "user"'],
    [["override", "--rule", "serch", "--to", "2x", ...set], 2, 'There is no rule "serch"'],
    [["override", "--rule", "trial", "--to", "5", ...set], 2, "trial:ip:hour, trial:global:day"],
    [["control", "log", "--last", "many"], 2, "a whole number from 1 to 1000"],
    [["control", "remove", "mode", "--yes"], 1, "CONTROL_NO_ENTRY: There is no entry"],
    [["block", "remove", "--user", "nobody", "--yes"], 1, "CONTROL_NO_ENTRY: There is no entry"],
  ])("the command %j ends with the reason", async (args, status, why) => {
    const ran = await runCommand(project(), envOf("wrong"), ...args);
    expect([ran.status, ran.stdout, ran.stderr]).toEqual([
      status,
      "",
      expect.stringContaining(why),
    ]);
    expect(await live.direct.keys("wrong:*")).toEqual([]);
  });

  test("a folder without a policy gets an error that names the option for another file", async () => {
    const root = project();
    rmSync(join(root, "config"), { recursive: true });
    const { status, stderr } = await runCommand(root, envOf("wrong"), "control", "list");
    expect([status, stderr]).toEqual([2, expect.stringContaining("name its file with --policy")]);
  });

  test("an entry with a hostile id can be removed, and its id does not reach the terminal", async () => {
    const { entries } = controlKeys(keyNames("hostile"));
    const id = "a\u001b[2Jb";
    await live.direct.hset(entries, id, "no entry");
    const args = ["control", "remove", id, "--yes"];
    const { status, stdout } = await runCommand(project(), envOf("hostile"), ...args);
    expect([status, stdout]).toEqual([0, expect.not.stringContaining("\u001b")]);
    expect(stdout).toContain("removed  a\ufffd[2Jb");
    expect(await idsIn("hostile")).toEqual([]);
  });

  test("--wide blocks every address, and warns that this machine's addresses are among them", async () => {
    const env = envOf("wide");
    const { stdout } = await runCommand(
      project(),
      { ...env, SSH_CONNECTION: "198.51.100.9 50000 10.0.0.1 22" },
      "block",
      "--ip=0.0.0.0/0",
      "--wide",
      ...set,
    );
    expect(stdout).toContain("198.51.100.9 is the address of your SSH connection");
    expect(stdout).toContain("127.0.0.1 is an address of this machine: it is blocked too");
    expect(await idsIn("wide")).toEqual(["network:0.0.0.0/0"]);
  });
});

describe("the secret", () => {
  const user = ["block", "--user", "ada", "--for", "1h", "--reason", "x", "--yes"];
  const network = ["block", "--ip", "203.0.113.0/24", "--for", "1h", "--reason", "x", "--yes"];

  test("an entry about one client needs HEADGATE_SECRET, and one about a network does not", async () => {
    const root = project();
    const { HEADGATE_SECRET: _, ...env } = envOf("without");
    const { status, stdout, stderr } = await runCommand(root, env, ...user);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^CONTROL_NEEDS_SECRET: HEADGATE_SECRET must be set[^]*Set it/);
    expect((await runCommand(root, env, ...network)).status).toBe(0);
  });

  test.each([
    ["that the start made is enough", false, 0],
    ["that the start derived from the address of a Redis is not enough", true, 1],
  ])(
    "a command uses the secret of an app that runs in the folder, one %s",
    async (_, isSecretDerived, status) => {
      const root = project();
      const { HEADGATE_SECRET, UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN } = envOf("");
      const variables = { UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN } as Env;
      const chosen = { line: "a store", variables, stop: async () => {} };
      const about = { mode: "production", secret: HEADGATE_SECRET, isSecretDerived } as const;
      cleanUp(recordRunningStore(root, chosen, about), (it) => it.stop());
      const ran = await runCommand(root, { HEADGATE_NAMESPACE: `noted-${status}` }, ...user);
      expect(ran.status).toBe(status);
      expect(ran.stderr).toMatch(status === 0 ? /^$/ : /^CONTROL_NEEDS_SECRET: /);
    },
  );

  test("a command finds entries of an earlier secret by HEADGATE_SECRET_PREVIOUS", async () => {
    const root = project();
    await runCommand(root, envOf("rotated"), ...user);
    const rotated = envOf("rotated", { HEADGATE_SECRET: "another secret, as long as it must be" });
    const remove = ["block", "remove", "--user", "ada", "--yes"];
    expect((await runCommand(root, rotated, ...remove)).status).toBe(1);
    expect((await runCommand(root, rotated, "block", "list")).stdout).toContain("(not followed)");
    const env = { ...rotated, HEADGATE_SECRET_PREVIOUS: SECRET };
    expect(await runCommand(root, env, ...remove)).toMatchObject({ status: 0, stderr: "" });
  });
});

test("a command warns of a gate that does not follow the control document, when its source shows that", async () => {
  const gate = `import { createHeadgate } from "headgate";
import policy from "./config/rate-limits";
export const gate = createHeadgate(policy);
`;
  const args = ["mode", "shadow", ...TERMS, "--yes"];
  const { stdout } = await runCommand(project({ "gate.ts": gate }), envOf("deaf"), ...args);
  expect(shown(stdout)).toContain(
    "app  the gate of proxy.ts does not follow what is set, so nothing changes",
  );
});
