import { describe, expect, test } from "vitest";
import { type ReplyBudget, ReplyPool } from "#lib/gateway/store/reply-budget";
import { ReplyFilter } from "#lib/gateway/store/reply-filter";
import { ErrorReply } from "#lib/gateway/store/store";

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const list = (...items: string[]) => `*${items.length}\r\n${items.join("")}`;
const LARGE = bulk("x".repeat(5_000));

/** A pool in which a request may have 4,000 bytes. */
const pool = () => new ReplyPool({ replyBytes: 4_000, allReplyBytes: 1_000_000 });

/** Writes replies to a filter, `size` bytes at a time. Each reply uses the next budget. */
function filtered(replies: readonly string[], budgets: (ReplyBudget | undefined)[], size: number) {
  const bytes = Buffer.from(replies.join(""));
  let passed = "";
  const queue = [...budgets];
  const filter = new ReplyFilter({
    budget: () => queue.shift(),
    pass: (part) => {
      passed += part.toString();
    },
  });
  for (let at = 0; at < bytes.length; at += size) filter.write(bytes.subarray(at, at + size));
  return { passed, left: queue.length };
}

const SIZES = [1, 2, 3, 7, 64, 100_000];

describe.each(SIZES)("replies that arrive %i bytes at a time", (size) => {
  test("replies that fit are passed on unchanged", () => {
    const replies = [
      "+OK\r\n",
      ":12\r\n",
      "$-1\r\n",
      "*-1\r\n",
      "*0\r\n",
      "$0\r\n\r\n",
      "-ERR no\r\n",
      bulk("a\r\nb"),
      list(":1\r\n", list(bulk("a"), "*0\r\n"), "$-1\r\n"),
    ];
    const one = pool().open();
    const { passed, left } = filtered(
      replies,
      replies.map(() => one),
      size,
    );
    expect(passed).toBe(replies.join(""));
    expect(left).toBe(0);
    expect(one.refusal).toBeUndefined();
  });

  test("an error replaces a reply that does not fit and all later replies of its request", () => {
    const one = pool().open();
    const other = pool().open();
    const replies = [bulk("a"), LARGE, bulk("b"), list(bulk("c")), bulk("d"), LARGE];
    const { passed } = filtered(replies, [one, one, one, one, other, undefined], size);
    const error = `-${one.refusal?.message}\r\n`;
    expect(passed).toBe(bulk("a") + error.repeat(3) + bulk("d") + LARGE);
    expect(other.refusal).toBeUndefined();
  });

  test("a reply is truncated at the part that does not fit and stays valid RESP2", () => {
    const one = pool().open();
    const replies = [
      list(bulk("a"), list(bulk("b"), LARGE, ":1\r\n"), list(bulk("c"), list(LARGE)), bulk("d")),
      ":2\r\n",
    ];
    const { passed } = filtered(replies, [one, undefined], size);
    const error = `-${one.refusal?.message}\r\n`;
    const nothing = "$-1\r\n";
    expect(passed).toBe(
      `${list(bulk("a"), list(bulk("b"), error, nothing), nothing, nothing)}:2\r\n`,
    );
  });

  test("an error replaces a list at once when its announced length does not fit", () => {
    const one = pool().open();
    const items = Array.from({ length: 41 }, () => bulk(""));
    const { passed } = filtered([list(...items), bulk("next")], [one, undefined], size);
    expect(passed).toBe(`-${one.refusal?.message}\r\n${bulk("next")}`);
  });
});

describe("the budget of a request", () => {
  test("a budget names the bound that was reached, and stays exhausted", () => {
    const one = pool().open();
    expect(one.take(4_000)).toBe(true);
    expect(one.take(1)).toBe(false);
    expect(one.take(0)).toBe(false);
    expect(one.refusal?.message).toMatch(/^ERR the replies of one request must .* 3\.9 kB; /);
    expect(one.refusedStatus).toBe(400);
  });

  test("a budget is bounded by the budgets of all requests, except for a small free part", () => {
    const all = new ReplyPool({ replyBytes: 100_000, allReplyBytes: 100_000 });
    const [first, second, third] = [all.open(), all.open(), all.open()];
    expect(first.take(100_000)).toBe(true);
    expect(second.take(40_000)).toBe(false);
    expect(second.refusal?.message).toMatch(/^ERR the replies of all requests .* Try again$/);
    expect(second.refusedStatus).toBe(503);
    expect(third.take(16_384)).toBe(true);
    first.release();
    expect(third.take(50_000)).toBe(true);
    third.release();
    expect(all.taken).toBe(0);
  });

  test("a budget accepts no reply once the client has disconnected", () => {
    const all = pool();
    const one = all.open();
    one.release();
    expect(one.take(1)).toBe(false);
    expect(all.taken).toBe(0);
  });

  test("a budget's refusal replaces the first truncated reply and all later ones", () => {
    const one = pool().open();
    one.take(4_001);
    const refusal = one.refusal ?? new ErrorReply("none");
    const fine = Buffer.from("fine");
    expect(one.whole([fine, [fine, [refusal]], null, fine])).toEqual([
      fine,
      refusal,
      refusal,
      refusal,
    ]);
  });
});
