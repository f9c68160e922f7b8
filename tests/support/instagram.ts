import type { ServerResponse } from "node:http";
import { createInstagram } from "#app/_domain/instagram/client";
import type { MediaParts } from "#app/_domain/instagram/media";
import { createVault } from "#lib/core/vault";
import { type InstagramStandIn, startInstagramStandIn } from "#app/_programs/instagram-stand-in";
import type { liveStore } from "./live-store.ts";
import type { scope } from "./scope.ts";
import { makeTools } from "./tools.ts";

/** The token that the stand-in accepts from its start. */
export const FIRST = "the-first-long-lived-token";

/** Returns true if it answers a call instead of the stand-in. */
export type Fault = (path: string, response: ServerResponse) => boolean;

/** Makes a fault that sends this response. */
export const answering =
  (status: number, body: unknown, headers = {}): Fault =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
    return true;
  };

/** Instagram's response to an expired token. */
export const expired = answering(400, {
  error: { message: "…", type: "OAuthException", code: 190 },
});

/** Makes worlds of two instances over one store, each world with a separate Instagram. */
export function instagramWorlds(
  live: ReturnType<typeof liveStore>,
  cleanUp: ReturnType<typeof scope>,
) {
  /** An Instagram that follows `fault` while it is set. */
  return async function world(fault?: Fault) {
    let current = fault;
    const standIn: InstagramStandIn = cleanUp(
      await startInstagramStandIn({
        token: FIRST,
        instead: (path, response) => current?.(path, response) ?? false,
      }),
      (it) => it.stop(),
    );
    const tools = makeTools(live.store);
    const failures: string[] = [];
    let time = Date.UTC(2026, 0, 9);
    const parts = (of: ReturnType<typeof tools.again>): MediaParts => ({
      ...of,
      instagram: createInstagram({ url: standIn.url, timeoutMs: 300 }),
      vault: createVault("a secret of the tests, long enough"),
      initialToken: FIRST,
      onFailure: (what, error) => failures.push(`${what}: ${String(error)}`),
      now: () => time,
    });
    const one = parts(tools);
    return {
      standIn,
      one,
      other: parts(tools.again()),
      third: parts(tools.again()),
      failures,
      mend: () => (current = undefined),
      breakBy: (next: Fault) => (current = next),
      pass: (ms: number) => (time += ms),
      keys: () => live.direct.keys(`${tools.namespace}:*`),
      /** Makes the fetched posts old, as after their time to live. */
      forget: async () => {
        for (const key of await live.direct.keys(`${tools.namespace}:flight:*`)) {
          await live.direct.del(key);
        }
      },
      isFree: async (user: string) =>
        (await tools.locks.acquireLock(`instagram:${user}`, 1)) !== null,
    };
  };
}
