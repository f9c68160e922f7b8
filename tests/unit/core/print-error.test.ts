import { expect, test } from "vitest";
import { HeadgateError } from "#lib/core/errors";
import { errorText } from "#lib/core/print-error";

test("errorText has the code and message of an error, and the errors of ours that caused it", () => {
  const timeout = new HeadgateError("STORE_TIMEOUT", "No answer within 500 ms.");
  const lost = new HeadgateError("DEDUP_CLAIM_LOST", "The claim is lost.", { cause: timeout });
  expect(errorText(lost)).toBe(
    "DEDUP_CLAIM_LOST: The claim is lost.\n  cause  STORE_TIMEOUT: No answer within 500 ms.",
  );
});

test("errorText leaves out a cause that the message repeats or that is no error of ours", () => {
  const cause = new HeadgateError("STORE_TIMEOUT", "No answer.");
  expect(errorText(new HeadgateError("LOCK_LOST", "Lost. No answer.", { cause }))).toBe(
    "LOCK_LOST: Lost. No answer.",
  );
  const secret = new Error("WRONGPASS, command was: AUTH top-secret");
  expect(errorText(new HeadgateError("STORE_REJECTED", "ERR", { cause: secret }))).toBe(
    "STORE_REJECTED: ERR",
  );
});

test("errorText ends for a circle of causes", () => {
  const first = new HeadgateError("LOCK_LOST", "first");
  const second = new HeadgateError("LOCK_LOST", "second", { cause: first });
  Object.assign(first, { cause: second });
  expect(errorText(first)).toBe("LOCK_LOST: first\n  cause  LOCK_LOST: second");
});
