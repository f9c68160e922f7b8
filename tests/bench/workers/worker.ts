/** What a worker is given. */
export interface Env {
  readonly STORE_URL: string;
  readonly STORE_TOKEN: string;
}

export interface Context {
  waitUntil(work: Promise<unknown>): void;
}

/** Answers one request, as every worker of the benchmark has to export it in `createHandler`. */
export type Handle = (request: Request, context: Context) => Promise<Response>;

/** What stands behind each of them. */
export function pong(): Response {
  return Response.json({ pong: true });
}

/** A module for workerd, which knows its bindings with the first request. */
export function workerOf(createHandler: (env: Env) => Handle) {
  let handle: Handle | undefined;
  return {
    fetch(request: Request, env: Env, context: Context): Promise<Response> {
      handle ??= createHandler(env);
      return handle(request, context);
    },
  };
}
