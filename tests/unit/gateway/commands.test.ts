import { describe, expect, test } from "vitest";
import { commandFromPath, readCommand, readCommands, readJson } from "#lib/gateway/commands";

const none = Buffer.alloc(0);

describe("readCommand", () => {
  test("readCommand converts numbers and booleans to text", () => {
    expect(readCommand(["SET", "k", 1.5, true, -0, ""])).toEqual([
      "SET",
      "k",
      "1.5",
      "true",
      "0",
      "",
    ]);
  });

  test.each([
    [null, "an array"],
    [{}, "an array"],
    ["GET k", "an array"],
    [[], "its name"],
    [[""], "its name"],
    [["GET\0", "k"], "its name"],
    [["GET k"], "its name"],
    [["GET", null], "argument 1 of a command must be a string, a number or a boolean, not null"],
    [["GET", ["k"]], "not an array"],
    [["GET", { k: 1 }], "not an object"],
    [[["GET"]], "argument 0"],
  ])("readCommand rejects %j: %s", (value, message) => {
    const expected = message === "an array" ? "JSON array" : message;
    expect(() => readCommand(value)).toThrow(expected);
  });

  test("readCommand rejects a deeply nested array without recursion", () => {
    const depth = 200_000;
    const value = readJson(Buffer.from("[".repeat(depth) + "]".repeat(depth)));
    expect(() => readCommand(value)).toThrow(
      "argument 0 of a command must be a string, a number or a boolean, not an array",
    );
  });

  test("readJson rejects a body that is not JSON in UTF-8", () => {
    expect(() => readJson(Buffer.from("[1"))).toThrow("not JSON");
    expect(() => readJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow("not JSON");
    expect(readJson(Buffer.from('["héllo"]'))).toEqual(["héllo"]);
  });
});

describe("readCommands", () => {
  test("readCommands accepts one command or more, up to the limit", () => {
    expect(readCommands([["PING"], ["PING"]], 2)).toEqual([["PING"], ["PING"]]);
    expect(() => readCommands([["PING"], ["PING"], ["PING"]], 2)).toThrow(
      "3 commands in a pipeline; at most 2",
    );
    expect(() => readCommands([], 2)).toThrow("JSON array");
    expect(() => readCommands({}, 2)).toThrow("JSON array");
  });
});

describe("commandFromPath", () => {
  test("commandFromPath reads the segments, then the body, then the query", () => {
    const body = Buffer.from([0, 255]);
    expect(commandFromPath("/set/a%2Fb", "EX=10&NX", body)).toEqual([
      "set",
      "a/b",
      body,
      "EX",
      "10",
      "NX",
    ]);
    expect(commandFromPath("/get/..", "", none)).toEqual(["get", ".."]);
  });

  test("commandFromPath rejects a path that is not percent-encoded UTF-8", () => {
    expect(() => commandFromPath("/get/%ff", "", none)).toThrow("percent-encoded");
    expect(() => commandFromPath("//get", "", none)).toThrow("its name");
  });
});
