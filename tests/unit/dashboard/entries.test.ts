import { beforeEach, expect, test } from "vitest";
import type { ControlEntry } from "#lib/control/types";
import { Entries } from "#lib/dashboard/entries";
import { entriesAt } from "../../support/dashboard-control.ts";

const MINUTE = 60_000;

let now = 0;
let all: readonly ControlEntry[] = [];
let lists = 0;
let isFollowed = true;

beforeEach(() => {
  now = 5_000;
  all = entriesAt(0);
  lists = 0;
  isFollowed = true;
});

function make(): Entries {
  const list = async () => {
    lists += 1;
    return all;
  };
  return new Entries({ control: { list }, isFollowed }, () => now);
}

/** Returns an entry that ends after some minutes. */
function ending(id: string, minutes: number): ControlEntry {
  const [, mode] = entriesAt(0);
  if (!mode) throw new Error("There is an entry of a mode.");
  return { ...mode, id, endsInMs: minutes * MINUTE };
}

test("entries are read once when their version has changed", async () => {
  const entries = make();
  expect(entries.key()).toBeUndefined();
  for (const version of ["", "", "1", "1", "2"]) await entries.follow(version);
  expect(lists).toBe(3);
});

test("a version is read again when its entries could not be read", async () => {
  let fails = true;
  const list = async () => {
    if (fails) throw new Error("down");
    return all;
  };
  const entries = new Entries({ control: { list }, isFollowed }, () => now);
  await expect(entries.follow("1")).rejects.toThrow("down");
  fails = false;
  await entries.follow("1");
  expect(entries.now(null).entries).toHaveLength(all.length);
});

test("the remaining time of an entry counts from its sending, and ended entries are omitted", async () => {
  all = [ending("a", 1), ending("b", 2), ending("c", 3)];
  const entries = make();
  await entries.follow("1");
  const key = entries.key();
  now += MINUTE - 1;
  expect(entries.key()).toBe(key);
  expect(entries.now(null).entries.map(({ endsInMs }) => endsInMs)).toEqual([1, 60_001, 120_001]);
  now += MINUTE + 1;
  expect(entries.key()).not.toBe(key);
  expect(entries.now(null).entries.map(({ id, endsInMs }) => [id, endsInMs])).toEqual([
    ["c", MINUTE],
  ]);
});

test("100 entries are sent, unreadable ones first, with the number of further ones", async () => {
  const strange = entriesAt(0).filter(({ kind }) => kind === "unreadable");
  all = [...strange, ...Array.from({ length: 150 }, (_, i) => ending(`${i}`, i + 1))];
  const entries = make();
  await entries.follow("1");
  const sent = entries.now("ada");
  expect([sent.entries.length, sent.more, sent.admin]).toEqual([100, 51, "ada"]);
  expect([sent.entries[0]?.id, sent.entries[1]?.id]).toEqual(["strange", "0"]);
  now += 60 * MINUTE;
  expect([entries.now(null).entries[1]?.id, entries.now(null).more]).toEqual(["60", 0]);
});

test("the mode of all rules is shown until it ends, if the gate follows it", async () => {
  const mode = { ...ending("mode", 1), kind: "mode", mode: "off", rule: null } as const;
  all = [{ ...mode, isUsable: false }, mode, ending("of a rule", 5)];
  const entries = make();
  await entries.follow("1");
  expect(entries.mode()).toBe("off");
  now += MINUTE;
  expect(entries.mode()).toBeUndefined();
  isFollowed = false;
  const unfollowed = make();
  await unfollowed.follow("1");
  expect(unfollowed.mode()).toBeUndefined();
});
