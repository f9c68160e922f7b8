import { expect, test } from "vitest";
import { toAnswer } from "#lib/gateway/encoding";
import { ErrorReply } from "#lib/gateway/store/store";

const text = (value: string) => Buffer.from(value);

test("toAnswer encodes every text in base64 except a single OK outside a list", () => {
  expect(toAnswer(text("OK"), true)).toEqual({ result: "OK" });
  expect(toAnswer(text("é"), true)).toEqual({ result: "w6k=" });
  expect(toAnswer([text("OK"), 1, null, [text("OK")]], true)).toEqual({
    result: ["T0s=", 1, null, ["T0s="]],
  });
});

test("toAnswer keeps bytes that are not text in base64", () => {
  expect(toAnswer(Buffer.from([0, 255, 254]), true)).toEqual({ result: "AP/+" });
});

test("toAnswer returns plain text without base64", () => {
  expect(toAnswer([text("OK"), text("é"), 7, null], false)).toEqual({
    result: ["OK", "é", 7, null],
  });
});

test("toAnswer returns an error as an error, and as text inside a list", () => {
  expect(toAnswer(new ErrorReply("NOSCRIPT x"), true)).toEqual({ error: "NOSCRIPT x" });
  expect(toAnswer([new ErrorReply("ERR x")], false)).toEqual({ result: ["ERR x"] });
});
