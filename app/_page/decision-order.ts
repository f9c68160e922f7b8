import type { Answer } from "./answer.ts";
import { readLimits } from "./limit-status.ts";

/**
 * Inserts an answer that has just arrived among earlier ones, in the order in which the store decided,
 * as far as a page can know it. The page knows two things:
 *
 * - A request that was sent after another's answer had arrived was decided after it.
 * - When two allowed requests were in flight at the same time, the one with more `remaining` in its
 *   RateLimit header was decided first, because each request of a client consumes from what remains.
 *
 * A denied request has no `remaining` and is drawn after the allowed requests that were in flight with
 * it: the limit was used up, and no later request consumes from it. This is wrong only when capacity
 * returned within those milliseconds. All other answers keep the order of arrival.
 */
export function inOrderOfDecisions<A extends Answer>(earlier: readonly A[], answer: A): A[] {
  let at = earlier.length;
  for (const other of earlier.toReversed()) {
    if (!wereInFlightTogether(answer, other) || !wasDecidedBefore(answer, other)) break;
    at -= 1;
  }
  return earlier.toSpliced(at, 0, answer);
}

/** The answer arrived after the other one, so only the time when it was sent matters. */
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
