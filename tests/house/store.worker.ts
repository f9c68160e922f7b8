// Serves an embedded store by REST in a separate thread: V8 counts the calls of each thread separately.
import { parentPort } from "node:worker_threads";
import { openEmbeddedStore } from "#lib/embedded/store";
import { serveStore } from "#lib/gateway/server";

const { url, token } = await serveStore(await openEmbeddedStore(), {
  token: "a-token-of-the-tests",
});
parentPort?.postMessage({ url, token }, []);
