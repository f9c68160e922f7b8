import { describe, expect, test } from "vitest";
import { refusalOf } from "#lib/gateway/refused-commands";
import type { Command } from "#lib/gateway/store";

const words = (text: string) => text.split(" ") as [string, ...string[]];

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
    "MEMORY PURGE",
    "XREAD BLOCK 0 STREAMS s $",
    "XREAD COUNT 1 block 5 STREAMS s $",
    "XREADGROUP GROUP g c BLOCK 0 STREAMS s >",
  ])("%s, in capitals or not, and says why", (text) => {
    const [name, second = ""] = words(text);
    const refusal = refusalOf(words(text), false);
    expect(refusal).toMatch(new RegExp(`^ERR the gateway refuses ${name}\\b.*: \\w`));
    expect(refusalOf(words(text.toLowerCase()), false)).toBe(refusal);
    expect(refusal).not.toContain(`${second} 0`);
  });

  test("a subcommand that came as bytes", () => {
    expect(refusalOf(["SCRIPT", Buffer.from("flush")], false)).toContain("SCRIPT FLUSH");
  });
});

describe("the gateway runs", () => {
  test.each<[Command]>([
    [["GET", "FLUSHALL"]],
    [["SCRIPT", "LOAD", "return 1"]],
    [["SCRIPT", "EXISTS", "abc"]],
    [["EVAL", "return 1", "0"]],
    [["MEMORY", "USAGE", "k"]],
    [["SCAN", "0"]],
    [["PUBLISH", "ch", "text"]],
    [["XREAD", "COUNT", "1", "STREAMS", "block", "0"]],
    [["XREADGROUP", "GROUP", "block", "streams", "STREAMS", "s", ">"]],
  ])("%j", (command) => {
    expect(refusalOf(command, false)).toBeUndefined();
  });

  test("FLUSHDB and FLUSHALL, and nothing else more, where flushing is allowed", () => {
    expect(refusalOf(["flushdb"], true)).toBeUndefined();
    expect(refusalOf(["FLUSHALL"], true)).toBeUndefined();
    expect(refusalOf(["SCRIPT", "FLUSH"], true)).toBeDefined();
  });
});
