import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { portableText, withPortableScripts } from "#lib/gateway/portable-scripts";
import { type Command, ErrorReply, type Reply, type Store } from "#lib/gateway/store/store";

const sha = (text: string) => createHash("sha1").update(text).digest("hex");
const flagged = (body: string) => `#!lua flags=allow-key-locking\n${body}`;
const stripped = (body: string) => `#!lua\n${body}`;

/** A store that records the commands it is sent and returns given replies. */
function recording(answer: (command: Command) => Reply = () => null) {
  const sent: Command[] = [];
  const one = (command: Command) => {
    sent.push(command);
    return answer(command);
  };
  const store: Store = {
    call: async (command) => one(command),
    pipeline: async (commands) => commands.map(one),
    transaction: async (commands) => commands.map(one),
    subscribe: async ({ name }) => {
      one(["SUBSCRIBE", name]);
      return () => void one(["UNSUBSCRIBE", name]);
    },
    close: async () => {},
  };
  return { store, sent };
}

describe("portableText", () => {
  test.each([
    ["#!lua flags=allow-key-locking\nreturn 1", "#!lua\nreturn 1"],
    ["#!lua flags=no-writes,allow-key-locking\nreturn 1", "#!lua flags=no-writes\nreturn 1"],
    ["#!lua flags=allow-key-locking,no-writes\nreturn 1", "#!lua flags=no-writes\nreturn 1"],
    ["#!lua flags=allow-key-locking\r\nreturn 1", "#!lua\nreturn 1"],
  ])("portableText removes only Upstash's flag: %j", (text, expected) => {
    expect(portableText(text)).toBe(expected);
  });

  test.each([
    "return 1",
    "#!lua\nreturn 1",
    "#!lua  flags=no-writes\nreturn 1",
    "-- #!lua flags=allow-key-locking\nreturn 1",
    "return 'allow-key-locking'",
    "#!lua\nreturn '#!lua flags=allow-key-locking'",
  ])("portableText keeps a text without Upstash's flag: %j", (text) => {
    expect(portableText(text)).toBe(text);
  });
});

describe("the SHA-1 of the caller's text", () => {
  test("EVALSHA with the caller's SHA-1 runs the changed script once its text was seen, in either letter case", async () => {
    const { store, sent } = recording();
    const portable = withPortableScripts(store, 10);
    const name = sha(flagged("return 1"));
    await portable.call(["evalsha", name, "0"]);
    await portable.call(["EVAL", flagged("return 1"), "0"]);
    await portable.call(["EVALSHA", name.toUpperCase(), "0", "argument"]);
    expect(sent).toEqual([
      ["evalsha", name, "0"],
      ["EVAL", stripped("return 1"), "0"],
      ["EVALSHA", sha(stripped("return 1")), "0", "argument"],
    ]);
  });

  test("SCRIPT LOAD returns the caller's SHA-1, and SCRIPT EXISTS accepts several", async () => {
    const { store, sent } = recording(([, , text]) => Buffer.from(sha(String(text))));
    const portable = withPortableScripts(store, 10);
    const answers = await portable.pipeline([
      ["SCRIPT", "LOAD", flagged("return 1")],
      ["SCRIPT", "LOAD", "return 2"],
      ["SCRIPT", "EXISTS", sha(flagged("return 1")), sha("return 2")],
    ]);
    expect(answers.slice(0, 2).map(String)).toEqual([sha(flagged("return 1")), sha("return 2")]);
    expect(sent[2]).toEqual(["SCRIPT", "EXISTS", sha(stripped("return 1")), sha("return 2")]);
  });

  test("an error of SCRIPT LOAD is returned as it is", async () => {
    const refusal = new ErrorReply("ERR Error compiling script");
    const portable = withPortableScripts(recording(() => refusal).store, 10);
    expect(await portable.call(["SCRIPT", "LOAD", flagged("not lua")])).toBe(refusal);
  });

  test("scripts are translated in transactions too", async () => {
    const { store, sent } = recording();
    const portable = withPortableScripts(store, 10);
    await portable.transaction([["EVAL", flagged("return 1"), "0"]]);
    expect(sent).toEqual([["EVAL", stripped("return 1"), "0"]]);
  });

  test("a script is dropped when more scripts than the maximum were used after it", async () => {
    const { store, sent } = recording();
    const portable = withPortableScripts(store, 2);
    await portable.call(["EVAL", flagged("return 1"), "0"]);
    await portable.call(["EVAL", flagged("return 2"), "0"]);
    await portable.call(["EVALSHA", sha(flagged("return 1")), "0"]);
    await portable.call(["EVAL", flagged("return 3"), "0"]);
    sent.length = 0;
    for (const n of [1, 2, 3]) await portable.call(["EVALSHA", sha(flagged(`return ${n}`)), "0"]);
    expect(sent.map(([, name]) => name)).toEqual([
      sha(stripped("return 1")),
      sha(flagged("return 2")),
      sha(stripped("return 3")),
    ]);
  });
});

test("subscriptions are passed on to the store", async () => {
  const { store, sent } = recording();
  const listener = { message: () => {}, lost: () => {} };
  const end = await withPortableScripts(store, 10).subscribe(
    { kind: "channel", name: "ch" },
    listener,
  );
  if (typeof end === "function") end();
  expect(sent).toEqual([
    ["SUBSCRIBE", "ch"],
    ["UNSUBSCRIBE", "ch"],
  ]);
});
