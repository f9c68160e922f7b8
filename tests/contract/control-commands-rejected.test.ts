import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { controlKeys } from "#lib/control/keys";
import { keyNames } from "#lib/redis/keys";
import { recordRunningStore } from "#lib/server/running-store";
import { callCommand } from "../support/call-command.ts";
import type { Env } from "../support/command.ts";
import { controlCommandApps, SECRET } from "../support/control-command-apps.ts";

const { live, cleanUp, project, envOf, idsIn } = controlCommandApps();

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
    [["block", "remove", "--user", "unlisted", "--yes"], 1, "CONTROL_NO_ENTRY: There is no entry"],
  ])("the command %j ends with the reason", async (args, status, why) => {
    const ran = await callCommand(project(), envOf("wrong"), ...args);
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
    const { status, stderr } = await callCommand(root, envOf("wrong"), "control", "list");
    expect([status, stderr]).toEqual([2, expect.stringContaining("name its file with --policy")]);
  });

  test("an entry with a hostile id can be removed, and its id does not reach the terminal", async () => {
    const { entries } = controlKeys(keyNames("hostile"));
    const id = "a\u001b[2Jb";
    await live.direct.hset(entries, id, "no entry");
    const args = ["control", "remove", id, "--yes"];
    const { status, stdout } = await callCommand(project(), envOf("hostile"), ...args);
    expect([status, stdout]).toEqual([0, expect.not.stringContaining("\u001b")]);
    expect(stdout).toContain("removed  a\ufffd[2Jb");
    expect(await idsIn("hostile")).toEqual([]);
  });

  test("--wide blocks every address, and warns that this machine's addresses are among them", async () => {
    const env = envOf("wide");
    const { stdout } = await callCommand(
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
    const { status, stdout, stderr } = await callCommand(root, env, ...user);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^CONTROL_NEEDS_SECRET: HEADGATE_SECRET must be set[^]*Set it/);
    expect((await callCommand(root, env, ...network)).status).toBe(0);
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
      const ran = await callCommand(root, { HEADGATE_NAMESPACE: `noted-${status}` }, ...user);
      expect(ran.status).toBe(status);
      expect(ran.stderr).toMatch(status === 0 ? /^$/ : /^CONTROL_NEEDS_SECRET: /);
    },
  );

  test("a command finds entries of an earlier secret by HEADGATE_SECRET_PREVIOUS", async () => {
    const root = project();
    await callCommand(root, envOf("rotated"), ...user);
    const rotated = envOf("rotated", { HEADGATE_SECRET: "another secret, as long as it must be" });
    const remove = ["block", "remove", "--user", "ada", "--yes"];
    expect((await callCommand(root, rotated, ...remove)).status).toBe(1);
    expect((await callCommand(root, rotated, "block", "list")).stdout).toContain("(not followed)");
    const env = { ...rotated, HEADGATE_SECRET_PREVIOUS: SECRET };
    expect(await callCommand(root, env, ...remove)).toMatchObject({ status: 0, stderr: "" });
  });
});
