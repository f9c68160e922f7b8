/**
 * How a request is decided when the store does not answer: allow it, deny it with 503, or count it in this
 * process.
 */
export type OnStoreFailure = "allow" | "deny" | "local";
