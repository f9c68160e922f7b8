import { createGate } from "#lib/gate";
import { definePolicy } from "#lib/policy/define";
import { createScriptStore } from "#lib/redis/script-store";
import { type Env, type Handle, pong, workerOf } from "./worker.ts";

const policy = definePolicy({
  rules: { api: { match: "/api/:path*", limits: { ip: "1000000000 per minute" } } },
});

export function createHandler({ STORE_URL, STORE_TOKEN }: Env): Handle {
  const options = {
    redis: createScriptStore({ url: STORE_URL, token: STORE_TOKEN, deadlineMs: 5000 }),
    namespace: "bench",
    secret: "a secret of the benchmark, long enough",
    addressSource: { from: "hops", hops: 1 },
  } as const;
  return createGate(policy, options, () => pong());
}

export default workerOf(createHandler);
