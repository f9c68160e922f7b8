import { describe, expect, test } from "vitest";
import { refusalOf } from "#lib/gateway/refused-commands";
import type { Command } from "#lib/gateway/store/store";

const NONE = { allowFlush: false, allowShared: false };
const words = (text: string) => text.split(" ") as [string, ...string[]];

/** What changes something that other users of the same server see, or shows what they do. */
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
  ])("%s, in capitals or not, and says why", (text) => {
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
  ])("%s, and says what there is instead: %s", (name, instead) => {
    expect(refusalOf([name, "ch"], NONE)).toContain(instead);
  });

  test("a subcommand that came as bytes", () => {
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
  ])("%j", (command) => {
    expect(refusalOf(command, NONE)).toBeUndefined();
  });

  test("FLUSHDB and FLUSHALL, and nothing else more, where flushing is allowed", () => {
    const flushing = { ...NONE, allowFlush: true };
    expect(refusalOf(["flushdb"], flushing)).toBeUndefined();
    expect(refusalOf(["FLUSHALL"], flushing)).toBeUndefined();
    expect(refusalOf(["SCRIPT", "FLUSH"], flushing)).toBeDefined();
    expect(refusalOf(["MOVE", "k", "1"], flushing)).toBeDefined();
  });

  test.each(SHARED)("%s only where it is permitted, and the refusal says how", (text) => {
    for (const spelled of [text, text.toLowerCase()]) {
      expect(refusalOf(words(spelled), NONE)).toContain("GATEWAY_ALLOW_SHARED=1");
      expect(refusalOf(words(spelled), { ...NONE, allowShared: true })).toBeUndefined();
    }
  });

  test.each([
    "FUNCTION FLUSH",
    "FUNCTION RESTORE x",
    "SWAPDB 0 1",
    "SELECT 1",
    "SLOWLOG RESET",
    "FLUSHALL",
  ])("%s not even where shared changes are permitted", (text) => {
    expect(refusalOf(words(text), { ...NONE, allowShared: true })).toBeDefined();
  });
});
