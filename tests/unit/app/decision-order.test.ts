import { expect, test } from "vitest";
import type { Answer, Outcome } from "#app/_page/answer";
import { inOrderOfDecisions } from "#app/_page/decision-order";

interface Named extends Answer {
  readonly name: string;
}

/** Makes an answer that was in flight from `sentAt` to `answeredAt`, in milliseconds. */
function answer(
  name: string,
  [sentAt, answeredAt]: readonly [number, number],
  outcome: Outcome = "allowed",
  rateLimit?: string,
): Named {
  const headers = new Headers(
    rateLimit === undefined
      ? {}
      : {
          "RateLimit-Policy": '"search:ip:minute";q=10;w=60, "api:ip:minute";q=600;w=60',
          RateLimit: rateLimit,
        },
  );
  const durationMs = answeredAt - sentAt;
  return {
    name,
    outcome,
    status: "",
    code: 200,
    sentAt,
    durationMs,
    headers,
    retryAfter: undefined,
  };
}

const left = (remaining: number) => `"search:ip:minute";r=${remaining};t=60`;

/** Returns the names in the order in which the answers are drawn, given in the order of arrival. */
function drawn(...arrivals: readonly Named[]): string {
  let bars: Named[] = [];
  for (const arrival of arrivals) bars = inOrderOfDecisions(bars, arrival);
  return bars.map(({ name }) => name).join(" ");
}

test("allowed requests in flight at the same time are drawn by their remaining capacity", () => {
  expect(
    drawn(
      answer("second", [0, 10], "allowed", left(8)),
      answer("third", [0, 11], "allowed", left(7)),
      answer("first", [0, 12], "allowed", left(9)),
    ),
  ).toBe("first second third");
});

test("a denied request is drawn after the allowed requests that were in flight with it", () => {
  expect(
    drawn(
      answer("denied-1", [0, 10], "denied", left(0)),
      answer("denied-2", [0, 11], "denied", left(0)),
      answer("allowed-2", [0, 12], "allowed", left(0)),
      answer("allowed-1", [0, 13], "allowed", left(1)),
    ),
  ).toBe("allowed-1 allowed-2 denied-1 denied-2");
});

test("a request that was sent after another's answer is drawn after it, whatever its remaining capacity", () => {
  expect(
    drawn(
      answer("denied", [0, 10], "denied", left(0)),
      answer("earlier", [0, 11], "allowed", left(0)),
      answer("of the next window", [20, 30], "allowed", left(9)),
    ),
  ).toBe("earlier denied of the next window");
});

test("limits that another page consumes from are compared by name", () => {
  const both = (search: number, api: number) => `${left(search)}, "api:ip:minute";r=${api};t=60`;
  expect(
    drawn(
      answer("second", [0, 10], "allowed", both(9, 597)),
      answer("first", [0, 11], "allowed", both(9, 598)),
    ),
  ).toBe("first second");
});

test("answers whose decision time is unknown keep the order of arrival", () => {
  expect(
    drawn(
      answer("failed", [0, 10], "failed"),
      answer("uncounted", [0, 11], "uncounted"),
      answer("without headers", [0, 12]),
      answer("with headers", [0, 13], "allowed", left(9)),
      answer("denied", [0, 14], "denied", left(0)),
    ),
  ).toBe("failed uncounted without headers with headers denied");
});
