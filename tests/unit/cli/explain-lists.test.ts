import { expect, test } from "vitest";
import { renderExplanation } from "#lib/cli/explain/render";
import { definePolicy } from "#lib/policy/define";
import { explain, POLICY } from "../../support/explained.ts";

const policy = definePolicy({
  ...POLICY,
  conditions: { monitor: ({ headers }) => headers.get("x-monitor") === "token" },
  allow: { "198.51.100.0/24": "our own network", monitor: "checks uptime" },
  block: { "203.0.113.0/24": "tries stolen passwords", "user:mallory": "resells our data" },
});
const ip = "203.0.113.7";
const UNCOUNTED = { limits: [], calls: 0, billed: 0 };

test("explainRequest shows the entry that blocks a client on every path, its reason and the 403", async () => {
  for (const path of ["/api/search", "/nowhere", "/api/health"]) {
    const explained = await explain("POST", path, { ip, policy });
    expect(explained).toMatchObject({
      ...UNCOUNTED,
      entry: {
        list: "block",
        id: "policy block 1",
        client: "203.0.113.0/24",
        reason: "tries stolen passwords",
      },
      conditions: { monitor: false },
      denied: { status: 403, headers: { "cache-control": "no-store" } },
    });
    expect(explained.allowed).toBeUndefined();
    expect(explained.denied?.headers).not.toHaveProperty("ratelimit");
    const text = renderExplanation(explained);
    expect(text).toContain(
      "blocked by 203.0.113.0/24 (policy block 1): tries stolen passwords\n\nstore    no call\n\ndenied   403\n",
    );
    expect(text).toContain("ip   203.0.113.7\n");
    expect(text).toContain("monitor   does not hold");
  }
});

test("explainRequest shows the entry that blocks a user", async () => {
  const headers = ["authorization: mallory"];
  const { entry, identities } = await explain("GET", "/nowhere", { headers, policy });
  expect(entry).toMatchObject({ id: "policy block 2", client: "user:mallory" });
  expect(identities).toEqual({ user: "mallory" });
});

test("explainRequest shows the entry that allows a client without counting it, even if it is also blocked", async () => {
  const headers = ["x-monitor: token"];
  const explained = await explain("POST", "/api/search", { ip, headers, policy });
  expect(explained).toMatchObject({
    ...UNCOUNTED,
    entry: { list: "allow", id: "policy allow 2", client: "monitor", reason: "checks uptime" },
    conditions: { monitor: true },
    allowed: { headers: {} },
  });
  expect(explained.denied).toBeUndefined();
  expect(renderExplanation(explained)).toContain(
    "list     allowed without being counted by monitor (policy allow 2): checks uptime",
  );
});

test("explainRequest shows no entry for a client that is not listed", async () => {
  const explained = await explain("POST", "/api/search", { ip: "192.0.2.1", policy });
  expect(explained.entry).toBeNull();
  expect(explained.denied?.status).toBe(429);
  expect(renderExplanation(explained)).not.toContain("policy block");
});
