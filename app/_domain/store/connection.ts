import { reportBreaker } from "#app/_domain/failures";
import { gateEnvironment } from "#config/gate-env";
import { createRequester, GATHER_MS, joinCalls } from "headgate/redis";

/** How this process reaches its store, and how long a call may take, in milliseconds. */
export function connection() {
  const { store, joins } = gateEnvironment();
  const { deadlineMs } = store;
  const alone = { ...store, onBreakerChange: reportBreaker };
  if (!joins) return { requester: createRequester(alone), deadlineMs };
  // A call may wait so long for others: with that it has the deadline still.
  const requester = createRequester({ ...alone, deadlineMs: deadlineMs - GATHER_MS });
  return { requester: joinCalls(requester), deadlineMs };
}
