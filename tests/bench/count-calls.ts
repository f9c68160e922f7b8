import { createServer, request as forward } from "node:http";
import { startVariant, type Variant } from "./variants.ts";

const REQUESTS = 100;

/** REST calls for each request: counted by a proxy between a served variant and the store. */
export async function restCallsPerRequest(
  variant: Variant,
  store: { readonly url: string; readonly token: string },
): Promise<number> {
  let calls = 0;
  const proxy = createServer((incoming, outgoing) => {
    calls += 1;
    const { method = "POST", headers, url = "/" } = incoming;
    const onward = forward(new URL(url, store.url), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const app = await startVariant(variant, { url: `http://127.0.0.1:${port}`, token: store.token });
  try {
    const ask = () =>
      fetch(`${app.url}/api/ping`, { headers: { "x-forwarded-for": "203.0.113.9" } });
    await ask();
    calls = 0;
    for (let i = 0; i < REQUESTS; i += 1) await ask();
    return calls / REQUESTS;
  } finally {
    await app.stop();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  }
}
