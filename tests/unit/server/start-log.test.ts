import { describe, expect, test } from "vitest";
import { serverSettings } from "#lib/server/server-settings";
import { startLines, startWarnings } from "#lib/server/start-log";

const log = {
  warnings: ["one"],
  store: { line: "embedded" },
  clients: { line: "by the socket" },
  beside: [{ name: "posts", line: "none" }],
  policy: "2 rules",
  mode: "enforce",
  url: "http://127.0.0.1:3000",
} as const;

test("a start is told line by line, warnings first and the address last", () => {
  expect(startLines(log)).toEqual([
    "warning  one",
    "store    embedded",
    "clients  by the socket",
    "posts    none",
    "policy   2 rules",
    "ready    http://127.0.0.1:3000",
  ]);
  expect(startLines({ ...log, mode: "off" })[5]).toMatch(/^mode {5}HEADGATE_MODE=off: /);
});

describe("the settings of the server", () => {
  const store = { UPSTASH_REDIS_REST_URL: "https://s.example", UPSTASH_REDIS_REST_TOKEN: "token" };

  test("are read from the variables that name the store, the mode and the app", () => {
    expect(serverSettings({ ...store, HEADGATE_APP: "shop" })).toEqual({
      mode: "enforce",
      isNamespaceShared: false,
      store: { url: "https://s.example", token: "token", deadlineMs: 500 },
    });
    const off = serverSettings({ HEADGATE_MODE: " off\n", HEADGATE_STORE_DEADLINE_MS: "200" });
    expect(off).toEqual({
      mode: "off",
      isNamespaceShared: true,
      store: { url: undefined, token: "", deadlineMs: 200 },
    });
  });

  test.each([
    [{ HEADGATE_MODE: "Enforce" }, "HEADGATE_MODE must be enforce, shadow or off."],
    [{ HEADGATE_STORE_DEADLINE_MS: "9" }, "HEADGATE_STORE_DEADLINE_MS must be a whole number"],
  ])("refuse %j", (env, why) => {
    expect(() => serverSettings({ ...store, ...env })).toThrow(why);
  });
});

test("a server that shares its namespace, or was told of an unknown variable, warns of it", async () => {
  const chosen = { line: "none", variables: {}, stop: async () => {} };
  const settings = serverSettings({ HEADGATE_MODE: "shadow" });
  expect(await startWarnings({ HEADGATE_MOD: "off" }, chosen, settings)).toEqual([
    expect.stringContaining("HEADGATE_MODE"),
    expect.stringContaining("HEADGATE_NAMESPACE"),
  ]);
  expect(await startWarnings({}, chosen, serverSettings({ HEADGATE_MODE: "off" }))).toEqual([]);
});
