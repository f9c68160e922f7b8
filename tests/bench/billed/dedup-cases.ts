import { makeTools } from "../../support/tools.ts";
import { sure } from "../timing.ts";
import type { BilledCase } from "./world.ts";

const WINDOW = "1 hour";

const work = async () => "done";

/** Dedup and idempotent handlers. */
export const DEDUP_CASES: readonly BilledCase[] = [
  {
    what: "a bare `SET NX`, to compare",
    calls: 1,
    commands: { SET: 1 },
    async prepare(world) {
      const { redis } = makeTools(world);
      const set = () => redis.set(world.unique, "1", { nx: true, ex: 300 });
      return async () => sure((await set()) === "OK");
    },
  },
  {
    what: "`shouldTrackEvent`, the first time",
    calls: 1,
    commands: { EVALSHA: 1, GET: 1, SET: 1 },
    async prepare(world) {
      const { dedup } = makeTools(world);
      return async () => sure(await dedup.shouldTrackEvent("view", 300));
    },
  },
  {
    what: "`shouldTrackEvent`, a duplicate",
    calls: 1,
    commands: { EVALSHA: 1, GET: 1 },
    async prepare(world) {
      const { dedup } = makeTools(world);
      await dedup.shouldTrackEvent("view", 300);
      return async () => sure(!(await dedup.shouldTrackEvent("view", 300)));
    },
  },
  {
    what: "`count` with one counter, the first time",
    calls: 1,
    commands: { EVALSHA: 1, GET: 1, TYPE: 1, HINCRBY: 1, PEXPIRE: 1, SET: 1 },
    prepare: async (world) => {
      const count = counting(world);
      return async () => sure(await count());
    },
  },
  {
    what: "`count` with one counter, a duplicate",
    calls: 1,
    commands: { EVALSHA: 1, GET: 1 },
    prepare: async (world) => {
      const count = counting(world);
      await count();
      return async () => sure(!(await count()));
    },
  },
  {
    what: "`claim` with a lease and `commit`",
    calls: 2,
    commands: { EVALSHA: 2, TIME: 2, GET: 2, SET: 2 },
    async prepare(world) {
      const { dedup } = makeTools(world);
      return async () => {
        const claim = await dedup.claim("order", { lease: 30, window: WINDOW });
        sure(claim.state === "first" && (await dedup.commit(claim.token)));
      };
    },
  },
  {
    what: "a renewal of a claim (one each third of the lease)",
    calls: 1,
    commands: { EVALSHA: 1, GET: 1, PEXPIRE: 1 },
    async prepare(world) {
      const { dedup } = makeTools(world);
      const claim = await dedup.claim("order", { lease: 30, window: WINDOW });
      return async () => sure(claim.state === "first" && (await dedup.extend(claim.token)));
    },
  },
  {
    what: "`once`, the first time",
    calls: 2,
    commands: { EVALSHA: 2, TIME: 2, GET: 2, SET: 2 },
    async prepare(world) {
      const { dedup } = makeTools(world);
      return async () => sure((await dedup.once("order", { window: WINDOW }, work)).ran);
    },
  },
  {
    what: "`once`, a duplicate",
    calls: 1,
    commands: { EVALSHA: 1, TIME: 1, GET: 1 },
    async prepare(world) {
      const { dedup } = makeTools(world);
      await dedup.once("order", { window: WINDOW }, work);
      return async () => sure(!(await dedup.once("order", { window: WINDOW }, work)).ran);
    },
  },
  {
    what: "`idempotent`, the first request of a key",
    calls: 2,
    commands: { EVALSHA: 2, TIME: 2, GET: 2, SET: 2 },
    prepare: async (world) => {
      const send = keyed(world);
      return async () => sure(!(await send()).isReplayed);
    },
  },
  {
    what: "`idempotent`, the same request again",
    calls: 1,
    commands: { EVALSHA: 1, TIME: 1, GET: 1 },
    prepare: async (world) => {
      const send = keyed(world);
      await send();
      return async () => sure((await send()).isReplayed);
    },
  },
];

type Place = Parameters<typeof makeTools>[0];

function counting(place: Place) {
  const { dedup, keys } = makeTools(place);
  const counters = [
    { key: keys.cache("views", "artist-1"), field: "views", keep: "1 day" },
  ] as const;
  return () => dedup.count("view", { window: WINDOW, counters });
}

function keyed(place: Place) {
  const { idempotent, failures } = makeTools(place);
  const handler = idempotent(async () => Response.json({ ordered: true }, { status: 201 }), {
    caller: () => "artist-1",
  });
  return async () => {
    const headers = { "idempotency-key": '"order-1"' };
    const response = await handler(
      new Request("http://app.example/orders", { method: "POST", headers, body: "{}" }),
    );
    sure(response.status === 201 && failures.length === 0);
    return { isReplayed: response.headers.get("idempotency-replayed") === "true" };
  };
}
