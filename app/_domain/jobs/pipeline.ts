import * as z from "zod";
import type { Artist } from "#app/_domain/artists/artists";
import type { Tools } from "#app/_domain/headgate";
import { ProblemError } from "#app/_domain/http/problem-error";
import { isHeadgateError } from "headgate";
import type { HoldOptions, Lock } from "headgate/locks";
import { type Job, JOB_KINDS, jobRecords, type JobKind, readJob } from "./job.ts";
import { everyArtist, type Step, STEPS } from "./steps.ts";

/** The body of a request that starts a job. */
export const trigger = z.strictObject({ kind: z.enum(JOB_KINDS) });

/** The body of a request that starts a job again. */
export const retry = z.strictObject({ jobId: z.uuid() });

export interface PipelineParts extends Pick<Tools, "redis" | "keys" | "keyedHash" | "locks"> {
  /** Runs work after the response, and keeps the instance alive for it. */
  readonly defer: (work: () => Promise<void>) => void;
  /** Called when the end of a job could not be stored. */
  readonly onFailure: (what: string, error: unknown) => void;
  /** @default the steps of each kind */
  readonly steps?: Readonly<Record<JobKind, Step>>;
  readonly artists?: readonly Artist[];
  /**
   * How the lock of a kind is held while its job runs.
   * @default half a minute, renewed for an hour
   */
  readonly hold?: HoldOptions;
  /** Returns milliseconds since 1970. */
  readonly now?: () => number;
}

/** When an instance dies, its lock ends after `ttl` seconds. */
const HOLD: HoldOptions = { ttl: 30, maxHold: "1 hour" };

/** When a client may try again while a job of the kind runs, in seconds. */
const RETRY_SECONDS = 30;

/**
 * Makes the pipeline. On all instances together, one job of each kind runs at a time: it holds the lock
 * of its kind until it ends. When its instance dies, the lock ends with its TTL.
 */
export function createPipeline(parts: PipelineParts) {
  const {
    locks,
    defer,
    onFailure,
    hold = HOLD,
    steps = STEPS,
    artists = everyArtist(),
    now = Date.now,
  } = parts;
  const records = jobRecords(parts);

  /** @throws {ProblemError} 409 while a job of its kind runs */
  async function begin(job: Pick<Job, "id" | "kind" | "attempts">): Promise<Job> {
    const lock = await locks.tryAcquire(`pipeline:${job.kind}`, hold);
    if (lock === null) throw new ProblemError(running(job.kind), { retryAfter: RETRY_SECONDS });
    const begun: Job = { ...job, status: "running", startedAt: now() };
    try {
      await records.replace(job.id, begun);
    } catch (error) {
      await lock.release();
      throw error;
    }
    defer(() => run(begun, lock));
    return begun;
  }

  async function run({ id, kind }: Job, lock: Lock): Promise<void> {
    let end: Pick<Job, "status" | "error">;
    try {
      for (const artist of artists) {
        lock.signal.throwIfAborted();
        await steps[kind](parts, artist);
      }
      end = { status: "done" };
    } catch (error) {
      end = { status: "failed", error: isHeadgateError(error) ? error.code : "FAILED" };
    }
    try {
      await records.merge(id, { ...end, endedAt: now() });
    } catch (error) {
      // The record still says "running"; without the lock the job can be started again.
      onFailure("ending a job", error);
    } finally {
      await lock.release();
    }
  }

  return {
    /** Starts a job. @throws {ProblemError} 409 while a job of its kind runs */
    trigger: ({ kind }: z.infer<typeof trigger>) =>
      begin({ id: crypto.randomUUID(), kind, attempts: 1 }),
    /**
     * Starts a job again that failed, or whose instance died.
     *
     * @throws {ProblemError} 404 when there is no such job; 409 when it is done, or a job of its kind
     * runs
     */
    async retry({ jobId }: z.infer<typeof retry>): Promise<Job> {
      const job = await readJob(parts, jobId);
      if (!job) throw new ProblemError(NO_JOB);
      if (job.status === "done") throw new ProblemError(DONE);
      return begin({ id: job.id, kind: job.kind, attempts: job.attempts + 1 });
    },
  };
}

function running(kind: JobKind) {
  return {
    status: 409,
    title: "A job of this kind is running",
    detail: `Only one job of the kind ${JSON.stringify(kind)} runs at a time.`,
  };
}

const NO_JOB = {
  status: 404,
  title: "The job does not exist",
  detail: "It was never started, or it is older than a week.",
};

const DONE = {
  status: 409,
  title: "The job is done",
  detail: "Only a job that failed can be started again.",
};
