import { answerSearch } from "#app/_domain/artists/search-handler";
import policy from "#config/rate-limits";
import { createRedis } from "#lib/redis/client";
import { keyNames } from "#lib/redis/keys";
import type { Billed } from "../../support/billed.ts";
import { sure } from "../timing.ts";
import { gateOf } from "./gate.ts";
import type { BilledCase, Cost, World } from "./world.ts";

/** "600 per minute" by `sliding-window`, and a limit up to 100 by `sliding-log`. */
const TWO_RULES: Billed = { EVALSHA: 1, TIME: 1, GET: 2, SET: 2 };

/** The cases of the sample's gate with the sample's policy, and of its search handler. */
export const ROUTE_CASES: readonly BilledCase[] = [
  throughGate(
    { what: "`POST /api/search`: rules `api` and `search`", calls: 1, commands: TWO_RULES },
    "/api/search",
  ),
  throughGate(
    {
      what: "`POST /api/dashboard/sync/trigger`: rules `api` and `sync`",
      calls: 1,
      commands: TWO_RULES,
    },
    "/api/dashboard/sync/trigger",
  ),
  throughGate(
    {
      what: "`POST /api/nothing`: rule `api`",
      calls: 1,
      commands: { EVALSHA: 1, TIME: 1, GET: 1, SET: 1 },
    },
    "/api/nothing",
  ),
  throughGate({ what: "`POST /`: no rule", calls: 0, commands: {} }, "/"),
  search(
    { what: "the handler of `/api/search`, a new search", calls: 2, commands: { GET: 1, SET: 1 } },
    { isKnown: false },
  ),
  search(
    { what: "the handler of `/api/search`, a known search", calls: 1, commands: { GET: 1 } },
    { isKnown: true },
  ),
];

/** Makes the case of a client's later request. */
function throughGate(cost: Cost, path: string): BilledCase {
  return {
    ...cost,
    async prepare(world) {
      const send = gateOf(world, policy);
      const post = async () => sure((await send(path, "POST")) === 200);
      await post();
      return post;
    },
  };
}

function search(cost: Cost, { isKnown }: { readonly isKnown: boolean }): BilledCase {
  return {
    ...cost,
    async prepare(world) {
      const ask = searchOf(world);
      if (isKnown) await ask();
      return async () => sure((await ask()) === (isKnown ? "HIT" : "MISS"));
    },
  };
}

/** Makes the sample's search, which resolves to X-Cache after the result was stored. */
function searchOf({ url, token, unique }: World) {
  const redis = createRedis({ url, token, deadlineMs: 10_000 });
  return async () => {
    const deferred: (() => Promise<void>)[] = [];
    const failures: unknown[] = [];
    const response = await answerSearch(new Request("http://app.example/api/search?q=marit"), {
      redis,
      keys: keyNames(unique),
      defer: (work) => deferred.push(work),
      onFailure: (error) => failures.push(error),
    });
    await Promise.all(deferred.map((work) => work()));
    sure(response.status === 200 && failures.length === 0);
    return response.headers.get("x-cache");
  };
}
