/**
 * One call of Upstash's REST protocol. These types have the shape of those of `@upstash/redis`, so that its
 * client accepts a requester, and an app without that package has the types, too.
 */
export interface UpstashRequest {
  /** The path after the store's address: undefined for one command, else `pipeline` or `multi-exec`. */
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

/** The answer to one command: a result, or the text of Redis's error. */
export interface UpstashResponse<Result> {
  result?: Result;
  error?: string;
}

/** Sends calls of Upstash's REST protocol to a store. */
export interface Requester {
  /** Whether a read sees all earlier writes of this client. */
  readYourWrites?: boolean;
  /** The token that the store sent for it with its last answer. */
  upstashSyncToken?: string;
  request: <Result = unknown>(request: UpstashRequest) => Promise<UpstashResponse<Result>>;
}
