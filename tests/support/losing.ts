/** A fetch whose calls reach the store, and whose answers are lost where it says so, by number from 1. */
export function losing(isLost: (call: number) => boolean): typeof fetch {
  let calls = 0;
  return async (...call) => {
    calls += 1;
    const lost = isLost(calls);
    const response = await fetch(...call);
    if (lost) throw new TypeError("fetch failed");
    return response;
  };
}
