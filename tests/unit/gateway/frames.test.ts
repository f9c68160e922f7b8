import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { messageFrame, PING, subscribedFrame } from "#lib/gateway/frames";
import type { Subscription } from "#lib/gateway/store/store";

const channel: Subscription = { kind: "channel", name: "a b/c?" };
const pattern: Subscription = { kind: "pattern", name: "a*" };

const frameOf = (subscription: Subscription, payload: string, name = "ch") =>
  messageFrame(subscription, Buffer.from(name), Buffer.from(payload)).toString();

/** One event with one line of data, and no other line break that a client could recognize. */
const ONE_LINE = /^(?:event: quoted\n)?data: ([^\r\n]*)\n\n$/;

describe("frames of a stream", () => {
  test("the first frame confirms the subscription with its name and the number 1", () => {
    expect(subscribedFrame(channel).toString()).toBe("data: subscribe,a b/c?,1\n\n");
    expect(subscribedFrame(pattern).toString()).toBe("data: psubscribe,a*,1\n\n");
  });

  test("a frame contains the message unchanged, after the pattern and the channel", () => {
    expect(frameOf(channel, "1,2 é\u2028")).toBe("data: message,a b/c?,1,2 é\u2028\n\n");
    expect(frameOf(channel, "")).toBe("data: message,a b/c?,\n\n");
    expect(frameOf(pattern, "text")).toBe("data: pmessage,a*,ch,text\n\n");
  });

  test("a frame percent-encodes characters that would end the channel's name or the frame", () => {
    expect(frameOf(pattern, "x", "a,b\r\nc")).toBe("data: pmessage,a*,a%2Cb%0D%0Ac,x\n\n");
  });

  test("a frame contains JSON with line breaks on one line, with the same value", () => {
    const json = JSON.stringify({ a: ["x\ny", 1] }, null, 2).replace("\n", "\r\n");
    const frame = frameOf(channel, json);
    const [, data = ""] = ONE_LINE.exec(frame) ?? [];
    expect(frame).toMatch(/^data: message,/);
    expect(JSON.parse(data.slice("message,a b/c?,".length))).toEqual(JSON.parse(json));
  });

  test.each(["a\nb", "a\r\nb\n", "\n", "data: x\r", '{"not json\n'])(
    "a frame contains the text %j as a JSON string in an event `quoted`",
    (text) => {
      const data = `message,a b/c?,${JSON.stringify(text)}`;
      expect(frameOf(channel, text)).toBe(`event: quoted\ndata: ${data}\n\n`);
    },
  );

  test("a frame is one event with one line of data for any message and any channel name", () => {
    const breaks = fc.string({ unit: fc.constantFrom("\r", "\n", ",", "a", ":", " ", '"') });
    const text = fc.oneof(fc.string({ unit: "binary" }), breaks);
    fc.assert(
      fc.property(fc.constantFrom(channel, pattern), text, text, (to, payload, name) => {
        expect(frameOf(to, payload, name)).toMatch(ONE_LINE);
      }),
    );
  });

  test("the frame of a ping is a comment", () => {
    expect(PING.toString()).toMatch(/^:[^\r\n]*\n\n$/);
  });
});
