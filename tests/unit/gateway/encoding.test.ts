import { expect, test } from "vitest";
import { toAnswer } from "#lib/gateway/encoding";
import { ErrorReply } from "#lib/gateway/store/store";

const text = (value: string) => Buffer.from(value);

test("in base64 every text is encoded but a lone OK; inside lists OK is too", () => {
  expect(toAnswer(text("OK"), true)).toEqual({ result: "OK" });
  expect(toAnswer(text("é"), true)).toEqual({ result: "w6k=" });
  expect(toAnswer([text("OK"), 1, null, [text("OK")]], true)).toEqual({
    result: ["T0s=", 1, null, ["T0s="]],
  });
});

test("bytes that are no text survive base64", () => {
  expect(toAnswer(Buffer.from([0, 255, 254]), true)).toEqual({ result: "AP/+" });
});

test("without base64 texts are texts", () => {
  expect(toAnswer([text("OK"), text("é"), 7, null], false)).toEqual({
    result: ["OK", "é", 7, null],
  });
});

test("an error is an error, and inside a list it is text", () => {
  expect(toAnswer(new ErrorReply("NOSCRIPT x"), true)).toEqual({ error: "NOSCRIPT x" });
  expect(toAnswer([new ErrorReply("ERR x")], false)).toEqual({ result: ["ERR x"] });
});
