import { describe, expect, test } from "vitest";
import { searchArtists } from "#app/_domain/artists/artists";
import { readJob } from "#app/_domain/jobs/job";
import { createPipeline, type PipelineParts, retry, trigger } from "#app/_domain/jobs/pipeline";
import type { Step } from "#app/_domain/jobs/steps";
import { liveStore } from "../../support/live-store.ts";
import { makeTools } from "../../support/tools.ts";

const live = liveStore();

/** Makes the pipelines of two instances; their deferred work runs when the test calls `run`. */
function pair(more: Partial<PipelineParts> = {}) {
  const tools = makeTools(live.store);
  const deferred: (() => Promise<void>)[] = [];
  const make = (of: typeof tools | ReturnType<typeof tools.again>) =>
    createPipeline({ ...of, defer: (work) => deferred.push(work), onFailure: note, ...more });
  const failures: string[] = [];
  function note(what: string): void {
    failures.push(what);
  }
  const run = async () => {
    for (const work of deferred.splice(0)) await work();
  };
  return { tools, one: make(tools), other: make(tools.again()), run, failures };
}

const failing: Step = () => Promise.reject(new Error("the message of a step"));
const conflict = { problem: { status: 409 } };

describe("a job", () => {
  test("a job is the only one of its kind until it ends, on any instance", async () => {
    const { tools, one, other, run } = pair();
    const job = await one.trigger({ kind: "search-cache" });
    expect(job).toMatchObject({ kind: "search-cache", status: "running", attempts: 1 });
    await expect(other.trigger({ kind: "search-cache" })).rejects.toMatchObject(conflict);
    await expect(other.retry({ jobId: job.id })).rejects.toMatchObject(conflict);
    await other.trigger({ kind: "artist-import" });
    await run();
    expect(await readJob(tools, job.id)).toMatchObject({ status: "done" });
    expect(await other.trigger({ kind: "search-cache" })).toMatchObject({ status: "running" });
  });

  test("one of twenty concurrent triggers starts a job", async () => {
    const { one, other, run } = pair();
    const pending = Array.from({ length: 20 }, (_, i) =>
      (i % 2 ? one : other).trigger({ kind: "artist-import" }),
    );
    const begun = (await Promise.allSettled(pending)).filter((it) => it.status === "fulfilled");
    expect(begun).toHaveLength(1);
    await run();
  });

  test("a job does its work for every artist, and each key expires", async () => {
    const { tools, one, run } = pair();
    await one.trigger({ kind: "search-cache" });
    await one.trigger({ kind: "artist-import" });
    await run();
    const keys = await live.direct.keys(`${tools.namespace}:*`);
    const artists = searchArtists("", Infinity).length;
    expect(keys.filter((key) => key.includes(":app:artist:"))).toHaveLength(artists);
    expect(keys.filter((key) => key.includes(":cache:search:")).length).toBeGreaterThan(100);
    expect(keys.filter((key) => key.startsWith(`${tools.namespace}:lock:`))).toEqual([]);
    const ttls = await Promise.all(keys.map((key) => live.direct.ttl(key)));
    expect(Math.min(...ttls)).toBeGreaterThan(0);
  });

  test("a failed job has an error code, frees its kind, and can be started again", async () => {
    const { tools, one, run } = pair({
      steps: { "search-cache": failing, "artist-import": failing },
    });
    const { id } = await one.trigger({ kind: "search-cache" });
    await run();
    expect(await readJob(tools, id)).toMatchObject({ status: "failed", error: "FAILED" });
    const again = createPipeline({
      ...tools,
      defer: (work) => void work(),
      onFailure: () => {},
    });
    expect(await again.retry({ jobId: id })).toMatchObject({ id, attempts: 2, status: "running" });
    await expect.poll(() => readJob(tools, id)).toMatchObject({ status: "done", attempts: 2 });
    expect(await readJob(tools, id)).not.toHaveProperty("error");
    await expect(again.retry({ jobId: id })).rejects.toMatchObject(conflict);
  });

  test("a job whose instance died can be started again after the lock TTL", async () => {
    const { tools, one, other } = pair();
    const { id } = await one.trigger({ kind: "search-cache" });
    // The deferred work never runs.
    await expect(other.retry({ jobId: id })).rejects.toMatchObject(conflict);
    const [lock = ""] = await live.direct.keys(`${tools.namespace}:lock:*`);
    expect(await live.direct.ttl(lock)).toBeGreaterThan(0);
    await tools.redis.del(lock);
    expect(await other.retry({ jobId: id })).toMatchObject({ id, attempts: 2 });
  });

  test("a job whose end could not be stored is reported, and can be started again", async () => {
    const { tools, one, other, run, failures } = pair({
      steps: {
        "search-cache": () => Promise.resolve(),
        // A write to a key that is not a hash fails.
        "artist-import": async (parts) => {
          for (const key of await live.direct.keys(`${tools.namespace}:app:job:*`)) {
            await parts.redis.set(key, "taken", { ex: 60 });
          }
        },
      },
    });
    await one.trigger({ kind: "artist-import" });
    await run();
    expect(failures).toEqual(["ending a job"]);
    expect(await other.trigger({ kind: "artist-import" })).toMatchObject({ status: "running" });
  });

  test("a job stops when it loses its lock", async () => {
    const lost = async (parts: Parameters<Step>[0]) => {
      const [name = ""] = await live.direct.keys(`${tools.namespace}:lock:*`);
      await parts.redis.set(name, "another's", { ex: 60 });
      const at = performance.now();
      // The wait is longer than the time to the next renewal.
      await expect.poll(() => performance.now()).toBeGreaterThan(at + 200);
    };
    const { tools, one, run } = pair({
      hold: { ttl: 0.3 },
      steps: { "search-cache": lost, "artist-import": lost },
    });
    const { id } = await one.trigger({ kind: "search-cache" });
    const [lock = ""] = await live.direct.keys(`${tools.namespace}:lock:*`);
    await run();
    expect(await readJob(tools, id)).toMatchObject({ status: "failed" });
    expect(await tools.redis.get(lock)).toBe("another's");
  });

  test("an unknown job gets 404", async () => {
    const unknown = pair().one.retry({ jobId: crypto.randomUUID() });
    await expect(unknown).rejects.toMatchObject({ problem: { status: 404 } });
  });
});

test.each([{}, { kind: "everything" }, { kind: "search-cache", more: 1 }, { kind: ["a"] }])(
  "trigger rejects %j",
  (given) => expect(trigger.safeParse(given).success).toBe(false),
);

test.each([{}, { jobId: "1" }, { jobId: "../x" }, { jobId: crypto.randomUUID(), more: 1 }])(
  "retry rejects %j",
  (given) => expect(retry.safeParse(given).success).toBe(false),
);
