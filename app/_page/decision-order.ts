import type { Answer } from "./answer.ts";
import { readLimits } from "./limit-status.ts";

/**
 * Puts an answer that has just arrived among earlier ones, in the order in which the store decided, as
 * far as a page can know it. Two things are known:
 *
 * - A request that was sent after another's answer had arrived was decided after it.
 * - Of two allowed requests in flight at once, the one with more `remaining` in its RateLimit header
 *   was decided first, since each request of a client takes from what remains.
 *
 * A denied request says nothing about its turn. It is drawn after the allowed requests that were in
 * flight with it: the limit was used up, and no request takes from it afterwards. This is wrong only
 * where capacity returned within those milliseconds. All other answers keep the order of arrival.
 */
export function inOrderOfDecisions<A extends Answer>(earlier: readonly A[], answer: A): A[] {
  let at = earlier.length;
  for (const other of earlier.toReversed()) {
    if (!wereInFlightTogether(answer, other) || !wasDecidedBefore(answer, other)) break;
    at -= 1;
  }
  return earlier.toSpliced(at, 0, answer);
}

/** The answer arrived after the other, so only its sending is looked at. */
function wereInFlightTogether(answer: Answer, other: Answer): boolean {
  return answer.sentAt < other.sentAt + other.durationMs;
}

function wasDecidedBefore(answer: Answer, other: Answer): boolean {
  if (answer.outcome !== "allowed") return false;
  if (other.outcome === "denied") return true;
  const remaining = new Map(
    readLimits(other.headers).map((limit) => [limit.name, limit.remaining]),
  );
  for (const { name, remaining: left } of readLimits(answer.headers)) {
    const othersLeft = remaining.get(name);
    if (left === undefined || othersLeft === undefined || left === othersLeft) continue;
    return left > othersLeft;
  }
  return false;
}
