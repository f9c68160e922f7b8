import { describe, expect, test } from "vitest";
import { ReplyPool } from "#lib/gateway/store/reply-budget";
import { type Command, ErrorReply, type Reply } from "#lib/gateway/store/store";
import { inWindows } from "#lib/gateway/store/windows";

const COMMANDS: readonly Command[] = Array.from({ length: 1_000 }, (_, n) => ["GET", `${n}`]);
const MIB = 1024 * 1024;

/** Sends a pipeline whose replies have `replyBytes` bytes each. Returns the windows and the replies. */
async function sent(replyBytes: number, { commands = COMMANDS, patienceMs = 60_000 } = {}) {
  const budget = new ReplyPool({ replyBytes: 64 * MIB, allReplyBytes: 64 * MIB }).open();
  const sizes: number[] = [];
  const replies = await inWindows<Reply>(commands, {
    budget,
    patienceMs,
    send: async (some) => {
      sizes.push(some.length);
      return some.map(() => (budget.take(replyBytes) ? null : (budget.refusal ?? 0)));
    },
    unsent: (refusal) => refusal,
  });
  return { sizes, replies, budget };
}

describe("a pipeline", () => {
  test("a pipeline of 16 commands is sent at once", async () => {
    const { sizes } = await sent(MIB, { commands: COMMANDS.slice(0, 16) });
    expect(sizes).toEqual([16]);
  });

  test("a pipeline with small replies is sent in few windows", async () => {
    const { sizes, replies } = await sent(10);
    expect(sizes).toEqual([16, 64, 256, 664]);
    expect(replies).toEqual(COMMANDS.map(() => null));
  });

  test("a pipeline with large replies is sent until they no longer fit, and the rest are errors", async () => {
    const { sizes, replies, budget } = await sent(MIB);
    expect(sizes).toEqual([16, 16, 16, 16, 16]);
    expect(budget.refusal).toBeInstanceOf(ErrorReply);
    expect(replies).toEqual(COMMANDS.map((_, at) => (at < 64 ? null : budget.refusal)));
  });

  test("a pipeline that takes too long is sent completely without more windows", async () => {
    expect((await sent(MIB / 100, { patienceMs: -1 })).sizes).toEqual([16, 984]);
  });

  test("a pipeline without a budget is sent at once", async () => {
    const sizes: number[] = [];
    await inWindows<Reply>(COMMANDS, {
      budget: undefined,
      patienceMs: 60_000,
      send: async (some) => {
        sizes.push(some.length);
        return some.map(() => null);
      },
      unsent: (refusal) => refusal,
    });
    expect(sizes).toEqual([1_000]);
  });
});
