/** Makes a fetch whose calls reach the store. The responses with the given numbers, from 1, are lost. */
export function losingResponses(isLost: (call: number) => boolean): typeof fetch {
  let calls = 0;
  return async (...call) => {
    calls += 1;
    const lost = isLost(calls);
    const response = await fetch(...call);
    if (lost) throw new TypeError("fetch failed");
    return response;
  };
}
