/** The bindings of a worker. */
export interface Env {
  readonly STORE_URL: string;
  readonly STORE_TOKEN: string;
}

export interface Context {
  waitUntil(work: Promise<unknown>): void;
}

/** The handler of a request. Every worker of the benchmark exports `createHandler`, which makes it. */
export type Handle = (request: Request, context: Context) => Promise<Response>;

/** Returns the response of the app behind each worker. */
export function pong(): Response {
  return Response.json({ pong: true });
}

/** Makes a module for workerd, which passes the bindings with the first request. */
export function workerOf(createHandler: (env: Env) => Handle) {
  let handle: Handle | undefined;
  return {
    fetch(request: Request, env: Env, context: Context): Promise<Response> {
      handle ??= createHandler(env);
      return handle(request, context);
    },
  };
}
