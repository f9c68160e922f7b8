import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createHeadgate } from "#lib/create";
import { fromEnv } from "#lib/env";
import type { AnyPolicy } from "#lib/policy/define";

/** Serves "ok" at every path, behind a gate with a policy. It stands for the app of a page. */
export async function servePolicy(policy: AnyPolicy, env: Readonly<Record<string, string>>) {
  const { missing: _, ...settings } = fromEnv({ NODE_ENV: "production", ...env });
  const gate = createHeadgate(policy, { ...settings, onEvent: [] });
  const server = createServer((message, response) => {
    void (async () => {
      const work: Promise<unknown>[] = [];
      const event = { waitUntil: (each: Promise<unknown>) => void work.push(each) };
      const gated = await gate.middleware(requestOf(message), event);
      const isAllowed = gated.headers.has("x-middleware-next");
      response.writeHead(gated.status, [...gated.headers].flat());
      response.end(isAllowed ? "ok" : await gated.text());
      await Promise.all(work);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** The request without its body, which no gate reads. */
function requestOf({ method = "GET", headers, url = "/" }: IncomingMessage): Request {
  const given = new Headers();
  for (const [name, value] of Object.entries(headers)) given.set(name, String(value));
  return new Request(`http://${headers.host}${url}`, { method, headers: given });
}
