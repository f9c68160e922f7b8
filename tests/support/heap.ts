import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Returns the heap use of this process in bytes, after garbage collection. */
export async function keptBytes(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    // A turn of the event loop releases the objects of promises and of closing sockets.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}
