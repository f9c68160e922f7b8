import type { Live } from "#lib/control/in-force";
import { afterResponse } from "#lib/observe/observer";
import type { Parts } from "./parts.ts";

/**
 * Reads what was set while the app runs, after the response; undefined where that is not due. Never rejects. It is
 * called for every request, also where no rule matched: a client may be blocked on every path.
 */
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
