import { expect, test } from "vitest";
import { gatesOn, passed } from "../support/gate-of-rules.ts";
import { liveStore } from "../support/live-store.ts";

const live = liveStore();
const gate = gatesOn(live);

test("the gate counts a user by name, and other clients by address", async () => {
  const { send } = gate();
  const remaining = async (headers: Record<string, string>) =>
    /"search:user\|ip:hour";r=(\d+)/.exec(
      (await send("/api/search", headers)).headers.get("ratelimit") ?? "",
    )?.[1];
  expect(await remaining({ "x-user": "ada" })).toBe("2");
  expect(await remaining({ "x-user": "ada", "x-forwarded-for": "203.0.113.10" })).toBe("1");
  expect(await remaining({ "x-user": "bob", "x-forwarded-for": "203.0.113.11" })).toBe("2");
  expect(await remaining({ "x-forwarded-for": "203.0.113.12" })).toBe("2");
});

test("the gate counts all addresses of one IPv6 network as one client", async () => {
  const { send } = gate();
  await send("/api/search", { "x-forwarded-for": "2001:db8:1:2::1" });
  await send("/api/search", { "x-forwarded-for": "2001:db8:1:2:ffff::2" });
  expect((await send("/api/search", { "x-forwarded-for": "2001:db8:1:2::3" })).status).toBe(429);
  expect(passed(await send("/api/search", { "x-forwarded-for": "2001:db8:1:3::1" }))).toBe(true);
});

test("the gate counts the address when an identity cannot be resolved, and reports it", async () => {
  const { send, events } = gate();
  expect(passed(await send("/broken"))).toBe(true);
  expect((await send("/broken")).status).toBe(429);
  expect(events.filter(({ kind }) => kind === "failure")).toMatchObject([
    { during: "identity", name: "broken" },
    { during: "identity", name: "broken" },
  ]);
});

test("the gate counts all requests without an address as one client, and reports it", async () => {
  const { send, events } = gate();
  const nameless = ["", "unknown", "x", "1.2.3", "999.1.1.1"];
  for (const claim of nameless) await send("/api/other", { "x-forwarded-for": claim });
  const refused = await send("/api/other", { "x-forwarded-for": "none" });
  expect(refused.status).toBe(429);
  expect((await send("/api/other")).headers.get("ratelimit")).toMatch(/^"api:ip:minute";r=4;/);
  await send("/named", { "x-forwarded-for": "", "x-user": "ada" });
  const decisions = events.filter((event) => event.kind === "decision");
  expect(decisions.map(({ addressKnown }) => addressKnown)).toEqual([
    ...nameless.map(() => false),
    false,
    true,
    true,
  ]);
  expect(events.filter(({ kind }) => kind === "address")).toEqual([
    expect.objectContaining({ code: "CLIENT_ADDRESS_HEADER_ABSENT" }),
  ]);
});

test("the gate counts IPv6 by ipv6Prefix", async () => {
  const { send } = gate({ ipv6Prefix: 56 });
  const from = (address: string) => send("/api/other", { "x-forwarded-for": address });
  const remaining = [];
  for (const address of ["2001:db8:0:1::1", "2001:db8:0:ff::1", "2001:db8:0:100::1"]) {
    remaining.push((await from(address)).headers.get("ratelimit")?.split(";t")[0]);
  }
  expect(remaining).toEqual(['"api:ip:minute";r=4', '"api:ip:minute";r=3', '"api:ip:minute";r=4']);
});
