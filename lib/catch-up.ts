import type { Live } from "#lib/control/in-force";
import { afterResponse } from "#lib/observe/observer";
import type { Parts } from "./parts.ts";
import type { AfterAnswer } from "./responses.ts";

/**
 * Returns the middleware that, after a response, reads what was set while the app runs, when that is due: also
 * where no rule matched, since a client may be blocked on every path.
 */
export function followed<R, E extends AfterAnswer>(
  live: Live,
  parts: Pick<Parts, "limiter" | "observer">,
  handle: (request: R, event: E) => Promise<Response>,
): (request: R, event: E) => Promise<Response> {
  return async (request, event) => {
    const response = await handle(request, event);
    const work = catchUp(live, parts);
    if (work) event.waitUntil(work);
    return response;
  };
}

/** Reads what was set while the app runs; undefined where that is not due. Never rejects. */
export function catchUp(
  live: Live | undefined,
  { limiter, observer }: Pick<Parts, "limiter" | "observer">,
): Promise<void> | undefined {
  const due = live?.due();
  if (!due) return undefined;
  return (async () => {
    await afterResponse();
    const { resets, failures } = await due();
    limiter.forget(resets);
    await observer.after(failures);
  })();
}
