import * as z from "zod";
import { createRecords, type Records, type RecordTools } from "#app/_domain/records";

/** The kinds of jobs that the pipeline runs. */
export const JOB_KINDS = ["search-cache", "artist-import"] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** One run of the pipeline. Times are milliseconds since 1970. */
const job = z.object({
  id: z.string(),
  kind: z.enum(JOB_KINDS),
  status: z.enum(["running", "done", "failed"]),
  /** How often the job was started. */
  attempts: z.int(),
  startedAt: z.number(),
  endedAt: z.number().optional(),
  /** The code of its failure. */
  error: z.string().optional(),
});

export type Job = z.infer<typeof job>;

/** How long a job's record is kept, in seconds: 7 days. */
const KEPT_SECONDS = 7 * 24 * 3600;

/** Returns the records of the jobs, by id. */
export function jobRecords(tools: RecordTools): Records<Job> {
  return createRecords(tools, "job", job, KEPT_SECONDS);
}

/** Returns a job's record; undefined when the record is missing or cannot be read. */
export async function readJob(tools: RecordTools, id: string): Promise<Job | undefined> {
  const found = job.safeParse(await jobRecords(tools).read(id));
  return found.success ? found.data : undefined;
}
