import type { Bindings } from "../fixtures/runtime/worker.ts";

/** A worker that runs in a runtime. */
export interface Running {
  /** Sends a request to the worker, like a server in front of it. */
  send(request: Request): Promise<Response>;
  stop(): Promise<void>;
}

/** Starts a new worker, which has served no requests. */
export type Start = (bindings: Bindings) => Promise<Running>;

/** The parts of a request, for a runtime whose Request is another class. */
export function partsOf(request: Request) {
  return { method: request.method, headers: [...request.headers] };
}
