import { type Handle, pong, workerOf } from "./worker.ts";

export function createHandler(): Handle {
  return () => Promise.resolve(pong());
}

export default workerOf(createHandler);
