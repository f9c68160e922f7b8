/** A fetch that reaches no store. */
export const unavailable: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));
