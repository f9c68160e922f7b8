/**
 * One call of Upstash's REST protocol. These types have the shape of those of `@upstash/redis`, so that a
 * requester fits into its client, and an app that does not install that package has types all the same.
 */
export interface UpstashRequest {
  /** The parts of the path after the store's address: none for one command, else `pipeline` or `multi-exec`. */
  path?: string[];
  /** A command as a list, or a list of commands. It is sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  upstashSyncToken?: string;
  /** Called with each message of a stream. */
  onMessage?: (data: string) => void;
  /** Whether the answer is a stream. */
  isStreaming?: boolean;
  /** Ends the call. */
  signal?: AbortSignal;
}

/** The answer to one command: a result, or Redis's own text for what was wrong. */
export interface UpstashResponse<Result> {
  result?: Result;
  error?: string;
}

/** Sends calls of Upstash's REST protocol to a store. */
export interface Requester {
  /** Whether a read sees all that this client wrote before. */
  readYourWrites?: boolean;
  /** What the store sent for that with its last answer. */
  upstashSyncToken?: string;
  request: <Result = unknown>(request: UpstashRequest) => Promise<UpstashResponse<Result>>;
}
