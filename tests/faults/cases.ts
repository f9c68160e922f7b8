import type { Fault } from "./fault-proxy.ts";
import type { World } from "./world.ts";

/** A way in which a store fails. */
export interface FaultCase {
  readonly name: string;
  /** Cases of one group fail alike; `npm test` runs the first of each. */
  readonly group: string;
  /** Starts the fault; the returned function ends it. */
  begin(world: World): Promise<() => unknown>;
  /** True when the store still decides. */
  readonly isHarmless?: boolean;
  /** How long the fault lasts in the full run, in milliseconds. */
  readonly lastsMs?: number;
}

const DAY_MS = 86_400_000;

const answer =
  (status: number, body: string, type = "application/json"): Fault =>
  ({ response }) => {
    response.writeHead(status, { "content-type": type }).end(body);
    return true;
  };

/**
 * Responds like the Upstash store when a plan or an account has ended: with this error for each
 * command.
 */
const refuse =
  (status: number, error: string): Fault =>
  ({ path, response }) => {
    const isPipeline = path === "/pipeline";
    const failure = { error };
    // At least as many results as a pipeline of the load has commands.
    const body = isPipeline ? Array.from({ length: 100 }, () => failure) : failure;
    response
      .writeHead(isPipeline ? 200 : status, { "content-type": "application/json" })
      .end(JSON.stringify(body));
    return true;
  };

const QUOTA = "ERR max requests limit exceeded. Limit: 500000, Usage: 500000.";

const byProxy =
  (fault: Fault) =>
  async ({ proxy }: World) => {
    proxy.fault = fault;
    return () => (proxy.fault = undefined);
  };

const byRedis = (begin: readonly string[], end: readonly string[]) => async (world: World) => {
  await world.command(begin);
  return () => world.command(end);
};

/** Repeats work at an interval until the returned function is called. */
async function every(ms: number, work: (round: number) => unknown): Promise<() => Promise<void>> {
  let round = 0;
  let last: unknown = await work(round);
  const timer = setInterval(() => {
    round += 1;
    last = work(round);
  }, ms);
  return async () => {
    clearInterval(timer);
    await last;
  };
}

/** Moves the process's dates a day forward. */
function shiftClock(): () => void {
  const { now } = Date;
  Date.now = () => now() + DAY_MS;
  return () => (Date.now = now);
}

export const CASES: readonly FaultCase[] = [
  {
    name: "connection refused",
    group: "connection",
    async begin({ proxy }) {
      await proxy.shut();
      return () => proxy.open();
    },
  },
  {
    name: "name that does not resolve",
    group: "connection",
    async begin(world) {
      world.isUnresolvable = true;
      return () => (world.isUnresolvable = false);
    },
  },
  { name: "accepted and never answered", group: "silence", begin: byProxy(() => true) },
  {
    name: "2 s slow",
    group: "silence",
    begin: byProxy((call) => {
      setTimeout(() => call.passOn(), 2000);
      return true;
    }),
  },
  {
    name: "closed in mid body",
    group: "answer",
    begin: byProxy(({ response }) => {
      response.writeHead(200, { "content-length": "100" });
      response.write('{"result":[1', () => response.destroy());
      return true;
    }),
  },
  { name: "500", group: "answer", begin: byProxy(answer(500, '{"error":"ERR internal"}')) },
  { name: "502", group: "answer", begin: byProxy(answer(502, "<html>", "text/html")) },
  { name: "503", group: "answer", begin: byProxy(answer(503, "")) },
  { name: "401", group: "answer", begin: byProxy(answer(401, '{"error":"WRONGPASS"}')) },
  {
    name: "429, the store's own quota",
    group: "answer",
    begin: byProxy(answer(429, '{"error":"ERR max requests limit exceeded"}')),
  },
  {
    name: "400, the store's own quota",
    group: "provider",
    begin: byProxy(refuse(400, QUOTA)),
  },
  {
    name: "database suspended",
    group: "provider",
    begin: byProxy(refuse(400, "ERR This database has been suspended. See the console.")),
  },
  {
    name: "404, a wrong path in the address",
    group: "provider",
    begin: byProxy(answer(404, "<!doctype html><title>Not found</title>", "text/html")),
  },
  {
    name: "redirect to another address",
    group: "provider",
    begin: byProxy(answer(308, "", "text/plain")),
  },
  {
    name: "HTML instead of JSON",
    group: "answer",
    begin: byProxy(answer(200, "<!doctype html><title>Sign in</title>", "text/html")),
  },
  { name: "truncated JSON", group: "answer", begin: byProxy(answer(200, '{"result":[17')) },
  { name: "wrong shape", group: "answer", begin: byProxy(answer(200, '{"result":{"a":1}}')) },
  {
    name: "answer lost after it ran",
    group: "lost",
    begin: byProxy((call) => {
      if (Math.random() < 0.7) return false;
      call.response.end = () => call.response.destroy();
      call.passOn();
      return true;
    }),
  },
  {
    name: "30 % random failures",
    group: "lost",
    begin: byProxy(({ response }) => {
      if (Math.random() < 0.7) return false;
      response.destroy();
      return true;
    }),
  },
  {
    name: "flapping each second",
    group: "flapping",
    begin: ({ proxy }) =>
      every(1000, (round) => (round % 2 === 0 ? proxy.shut() : proxy.open())).then(
        (end) => async () => {
          await end();
          await proxy.open();
        },
      ),
    lastsMs: 6000,
  },
  {
    name: "READONLY replica",
    group: "refusal",
    begin: byRedis(["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]),
  },
  {
    name: "OOM, maxmemory with noeviction",
    group: "refusal",
    begin: byRedis(["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]),
  },
  {
    name: "NOREPLICAS, too few replicas",
    group: "refusal",
    begin: byRedis(
      ["CONFIG", "SET", "min-replicas-to-write", "1"],
      ["CONFIG", "SET", "min-replicas-to-write", "0"],
    ),
  },
  {
    name: "NOPERM, an ACL without scripts",
    group: "permission",
    begin: byRedis(
      ["ACL", "SETUSER", "default", "-eval", "-evalsha"],
      ["ACL", "SETUSER", "default", "+@all"],
    ),
  },
  {
    name: "NOPERM, an ACL without a command that scripts call",
    group: "permission",
    begin: byRedis(
      ["ACL", "SETUSER", "default", "-time", "-set"],
      ["ACL", "SETUSER", "default", "+@all"],
    ),
  },
  {
    name: "NOSCRIPT, again and again",
    group: "refusal",
    begin: (world) => every(100, () => world.command(["SCRIPT", "FLUSH"])),
    isHarmless: true,
  },
  {
    name: "redis-server killed and started again",
    group: "process",
    async begin({ redis }) {
      await redis.kill();
      return () => redis.start();
    },
  },
  {
    name: "SIGSTOP for 5 s",
    group: "process",
    async begin({ redis }) {
      redis.freeze();
      return () => redis.thaw();
    },
    lastsMs: 5000,
  },
  {
    name: "gateway restarted",
    group: "process",
    async begin({ gateway }) {
      await gateway.stop();
      return () => gateway.start();
    },
  },
  {
    name: "process clock a day ahead",
    group: "client",
    begin: async () => shiftClock(),
    isHarmless: true,
  },
  {
    name: "clients that abort",
    group: "client",
    async begin(world) {
      world.isAborting = true;
      return () => (world.isAborting = false);
    },
    isHarmless: true,
  },
];
