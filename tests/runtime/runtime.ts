import type { Bindings } from "../fixtures/runtime/worker.ts";

/** The worker as one runtime runs it. */
export interface Running {
  /** Asks it, as a server in front of it would. */
  send(request: Request): Promise<Response>;
  stop(): Promise<void>;
}

/** Starts a new worker, which has served no request. */
export type Start = (bindings: Bindings) => Promise<Running>;

/** A request's parts, for a runtime whose own Request is of another making. */
export function partsOf(request: Request) {
  return { method: request.method, headers: [...request.headers] };
}
