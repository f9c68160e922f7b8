import type { Requester, UpstashRequest, UpstashResponse } from "@upstash/redis";
import { ErrorReply, type Reply, type Store } from "#lib/gateway/store/store";
import { REDIS_CLOCK } from "#lib/limit/stores/lua";
import { rejected } from "#lib/redis/errors";
import { defineScript } from "#lib/redis/script";
import { asText } from "./stores.ts";

/**
 * Lua that replaces the reading of Redis's clock. The last argument is the time, and a key expires by this
 * time when a script uses it next. A second key has the time of its end. By Redis's own clock both keys
 * expire in ten minutes.
 */
const CLOCK = `
local now = tonumber(ARGV[#ARGV])
local real = redis
local function ends(key, ms)
  real.call('SET', key .. ':ends', string.format('%.0f', now + tonumber(ms)), 'PX', '600000')
end
local function timed(run)
  return function(name, key, ...)
    local value, how, ms = ...
    if name == 'PEXPIRE' then
      ends(key, value)
      return run(name, key, '600000')
    elseif name == 'SET' and how == 'PX' then
      ends(key, ms)
      return run(name, key, value, how, '600000')
    end
    return run(name, key, ...)
  end
end
for _, key in ipairs(KEYS) do
  local at = real.call('GET', key .. ':ends')
  if at and now > tonumber(at) then real.call('DEL', key, key .. ':ends') end
end
local redis = { call = timed(real.call), pcall = timed(real.pcall) }
`;

/**
 * Reaches a store like the REST API, and runs the scripts of the limits there with a test clock. The scripts
 * are the production text except for the clock.
 */
export function timedRequester(store: Store, clock: { readonly now: number }): Requester {
  const timedBySha = new Map<string, string>();

  const run = async (sent: readonly unknown[]): Promise<Reply> => {
    const [name = "", ...args] = sent.map(String);
    const [script = "", ...rest] = args;
    const isEval = name.toLowerCase() === "eval";
    if (!isEval && name.toLowerCase() !== "evalsha") return store.call([name, ...args]);
    const sha = isEval ? await defineScript(script).sha() : script;
    if (isEval) timedBySha.set(sha, script.replace(REDIS_CLOCK, CLOCK));
    const timed = timedBySha.get(sha);
    if (timed === undefined) return new ErrorReply("NOSCRIPT No matching script.");
    return store.call(["EVAL", timed, ...rest, String(clock.now)]);
  };

  const answer = async (sent: readonly unknown[]) => {
    const reply = await run(sent);
    return reply instanceof ErrorReply ? { error: reply.message } : { result: asText(reply) };
  };

  return {
    async request<Result>({ path, body }: UpstashRequest): Promise<UpstashResponse<Result>> {
      if (path?.[0] === "pipeline") {
        const answers = await Promise.all((body as unknown[][]).map(answer));
        return answers as unknown as UpstashResponse<Result>;
      }
      const one = await answer(body as unknown[]);
      if (one.error !== undefined) throw rejected("EVALSHA", one.error);
      return one as UpstashResponse<Result>;
    },
  };
}
