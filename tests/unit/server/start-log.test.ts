import { expect, test } from "vitest";
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

test("startLines returns the warnings first and the address last", () => {
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

test("startWarnings warns of a shared namespace and of an unknown variable", () => {
  const store = { url: undefined, token: "", deadlineMs: 500 };
  const settings = { mode: "shadow", isNamespaceShared: true, store } as const;
  expect(startWarnings({ HEADGATE_MOD: "off" }, {}, settings)).toEqual([
    expect.stringContaining("HEADGATE_MODE"),
    expect.stringContaining("HEADGATE_NAMESPACE"),
  ]);
  expect(startWarnings({}, {}, { ...settings, mode: "off" })).toEqual([]);
});
