import { describe, expect, test } from "vitest";
import { refusalOf } from "#lib/gateway/refused-commands";
import type { Command } from "#lib/gateway/store/store";

const NONE = { allowFlush: false, allowShared: false };
const words = (text: string) => text.split(" ") as [string, ...string[]];

/** Commands that change or show data of other users of the same server. */
const SHARED = [
  "FUNCTION LOAD text",
  "FUNCTION LOAD REPLACE text",
  "FUNCTION DELETE name",
  "TFUNCTION LOAD text",
  "MOVE k 1",
  "COPY a b DB 1",
  "COPY a b REPLACE DB 1",
  "COPY a b DB 1 REPLACE",
  "SLOWLOG GET 10",
  "SLOWLOG LEN",
];

describe("the gateway refuses", () => {
  test.each([
    "FLUSHALL",
    "FLUSHDB",
    "CONFIG GET *",
    "SHUTDOWN",
    "DEBUG SLEEP 1",
    "KEYS *",
    "MONITOR",
    "SUBSCRIBE ch",
    "PSUBSCRIBE p",
    "SSUBSCRIBE ch",
    "BLPOP k 0",
    "BRPOP k 0",
    "BLMOVE a b LEFT LEFT 0",
    "BLMPOP 0 1 k LEFT",
    "BZPOPMIN k 0",
    "BZMPOP 0 1 k MIN",
    "WAIT 1 0",
    "MULTI",
    "EXEC",
    "DISCARD",
    "WATCH k",
    "SELECT 1",
    "AUTH x",
    "HELLO 3",
    "RESET",
    "QUIT",
    "CLIENT LIST",
    "REPLICAOF NO ONE",
    "SLAVEOF NO ONE",
    "MODULE LIST",
    "SAVE",
    "BGSAVE",
    "ACL LIST",
    "CLUSTER INFO",
    "MIGRATE h 1 k 0 1",
    "RESTORE k 0 x",
    "SWAPDB 0 1",
    "SCRIPT FLUSH",
    "SCRIPT KILL",
    "FUNCTION FLUSH",
    "FUNCTION KILL",
    "FUNCTION RESTORE x",
    "SFLUSH 0 1",
    "COMMANDLOG RESET slow",
    "HOTKEYS STOP",
    "FT.CONFIG SET x 1",
    "CLIENT KILL ID 1",
    "CLIENT PAUSE 1",
    "MEMORY PURGE",
    "XREAD BLOCK 0 STREAMS s $",
    "XREAD COUNT 1 block 5 STREAMS s $",
    "XREADGROUP GROUP g c BLOCK 0 STREAMS s >",
    "XREADGROUP BLOCK 0 GROUP g c STREAMS s >",
    "XREADGROUP COUNT 1 BLOCK 0 GROUP g c STREAMS s >",
    "XREADGROUP NOACK GROUP g STREAMS BLOCK 0 STREAMS s >",
    "POST path",
  ])("the gateway refuses %s in either letter case, with a reason", (text) => {
    const [name, second = ""] = words(text);
    const refusal = refusalOf(words(text), NONE);
    expect(refusal).toMatch(new RegExp(`^ERR the gateway refuses ${name}\\b.*: \\w`));
    expect(refusalOf(words(text.toLowerCase()), NONE)).toBe(refusal);
    expect(refusal).not.toContain(`${second} 0`);
  });

  test.each([
    ["SUBSCRIBE", "open /subscribe/<channel> or /psubscribe/<pattern>"],
    ["PSUBSCRIBE", "open /subscribe/<channel> or /psubscribe/<pattern>"],
    ["UNSUBSCRIBE", "ends when its client closes the stream"],
    ["PUNSUBSCRIBE", "ends when its client closes the stream"],
    ["MONITOR", "which this gateway does not serve"],
  ])("the refusal of %s names the alternative: %s", (name, instead) => {
    expect(refusalOf([name, "ch"], NONE)).toContain(instead);
  });

  test("the gateway refuses a subcommand that is sent as bytes", () => {
    expect(refusalOf(["SCRIPT", Buffer.from("flush")], NONE)).toContain("SCRIPT FLUSH");
  });
});

describe("the gateway runs", () => {
  test.each<[Command]>([
    [["GET", "FLUSHALL"]],
    [["SCRIPT", "LOAD", "return 1"]],
    [["SCRIPT", "EXISTS", "abc"]],
    [["EVAL", "return 1", "0"]],
    [["MEMORY", "USAGE", "k"]],
    [["COPY", "a", "db"]],
    [["COPY", "a", "b", "REPLACE"]],
    [["FCALL", "load", "0"]],
    [["FUNCTION", "LIST"]],
    [["FUNCTION", "DUMP"]],
    [["SORT", "k", "STORE", "db"]],
    [["SCAN", "0"]],
    [["PUBLISH", "ch", "text"]],
    [["XREAD", "COUNT", "1", "STREAMS", "block", "0"]],
    [["XREADGROUP", "GROUP", "block", "streams", "STREAMS", "s", ">"]],
    [["XREADGROUP", "NOACK", "GROUP", "g", "block", "COUNT", "1", "STREAMS", "block", ">"]],
  ])("the gateway runs %j", (command) => {
    expect(refusalOf(command, NONE)).toBeUndefined();
  });

  test("allowFlush permits only FLUSHDB and FLUSHALL", () => {
    const flushing = { ...NONE, allowFlush: true };
    expect(refusalOf(["flushdb"], flushing)).toBeUndefined();
    expect(refusalOf(["FLUSHALL"], flushing)).toBeUndefined();
    expect(refusalOf(["SCRIPT", "FLUSH"], flushing)).toBeDefined();
    expect(refusalOf(["MOVE", "k", "1"], flushing)).toBeDefined();
  });

  test.each(SHARED)(
    "the gateway runs %s only with allowShared, and its refusal says so",
    (text) => {
      for (const spelled of [text, text.toLowerCase()]) {
        expect(refusalOf(words(spelled), NONE)).toContain("GATEWAY_ALLOW_SHARED=1");
        expect(refusalOf(words(spelled), { ...NONE, allowShared: true })).toBeUndefined();
      }
    },
  );

  test.each([
    "FUNCTION FLUSH",
    "FUNCTION RESTORE x",
    "SWAPDB 0 1",
    "SELECT 1",
    "SLOWLOG RESET",
    "FLUSHALL",
  ])("the gateway refuses %s even with allowShared", (text) => {
    expect(refusalOf(words(text), { ...NONE, allowShared: true })).toBeDefined();
  });
});
