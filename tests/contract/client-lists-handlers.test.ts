import { describe, expect, test } from "vitest";
import { BLOCKED, listedGates, TOKEN } from "../support/client-lists.ts";

const { gate, scriptsRun } = listedGates();

describe("a handler", () => {
  test("a handler's call denies a blocked client and allows an allowed one, without counting them", async () => {
    const { limits } = gate();
    const blocked = await limits.limit("code", { account: "fraud" });
    expect(blocked).toMatchObject({
      allowed: false,
      reason: "blocked",
      entry: "policy block 3",
      counted: "nowhere",
    });
    for (let i = 0; i < 4; i += 1) {
      const allowed = await limits.limit("code", { account: "ours" });
      expect(allowed).toMatchObject({ allowed: true, reason: "allow-listed" });
      expect(await limits.refund(allowed)).toBe(0);
    }
    expect(await limits.peek("code", { account: "fraud" })).toMatchObject({ reason: "blocked" });
    expect(await limits.limit("search", { ip: BLOCKED })).toMatchObject({ reason: "blocked" });
    expect(await scriptsRun()).toBe(0);
    expect(await limits.limit("code", { account: "ada" })).toMatchObject({
      allowed: true,
      reason: "within-limit",
    });
  });

  test("a handler's call allows a blocked client in shadow, with the reason", async () => {
    const { limits } = gate({ mode: "shadow" });
    const decision = await limits.limit("code", { account: "fraud" });
    expect(decision).toMatchObject({ allowed: true, reason: "blocked" });
  });

  test("a handler's call takes missing identities from the request, with its conditions", async () => {
    const { limits } = gate();
    const request = (headers: Record<string, string>) =>
      new Request("https://example.com/", { headers });
    expect(
      await limits.limit("code", { account: "ada" }, { request: request({ "x-user": "mallory" }) }),
    ).toMatchObject({ reason: "blocked", entry: "policy block 2" });
    const monitor = request({ authorization: `Bearer ${TOKEN}` });
    expect(await limits.limit("code", { account: "ada" }, { request: monitor })).toMatchObject({
      reason: "allow-listed",
      entry: "policy allow 4",
    });
  });

  test("a client cannot meet a condition of a handler's call by what it sends", async () => {
    const { limits } = gate();
    const sent = JSON.parse('{"account":"ada","monitor":"yes"}') as { account: string };
    expect(await limits.limit("code", sent)).toMatchObject({ reason: "within-limit" });
  });
});
