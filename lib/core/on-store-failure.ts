/** What happens to a request when the store does not answer: pass it, refuse it with 503, or count in this process. */
export type OnStoreFailure = "allow" | "deny" | "local";
