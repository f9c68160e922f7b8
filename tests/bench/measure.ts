import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "#lib/server/find-program";
import { commandOf, howOf, type Options } from "./options.ts";
import type { Part } from "./parts.ts";
import type { originOf } from "./report/origin.ts";
import type { Outcome } from "./report/page.ts";
import type { PartName } from "./report/order.ts";
import { beginPart, endProgress, say } from "./report/progress.ts";
import { save, writeEvidence } from "./report/saved.ts";
import type { Report } from "./report/types.ts";

/** The measured tree, and all parts. */
export interface Bench {
  readonly root: string;
  readonly parts: Readonly<Partial<Record<PartName, Part>>>;
  readonly origin: ReturnType<typeof originOf>;
}

/**
 * Measures parts one after the other. When a part ends, its report is written to .headgate/bench.json, and with
 * `save` into the docs. A part that fails does not affect the others.
 */
export async function measureParts(bench: Bench, options: Options): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [i, name] of options.parts.entries()) {
    const part = bench.parts[name];
    if (!part) continue;
    beginPart(name, i + 1, options.parts.length);
    outcomes.push(await outcomeOf(bench, name, part, options));
    keep(bench, outcomes);
  }
  endProgress();
  return outcomes;
}

async function outcomeOf(
  bench: Bench,
  name: PartName,
  part: Part,
  options: Options,
): Promise<Outcome> {
  const about = { name, what: part.what };
  const missing = missingFor(part.needs);
  if (missing !== undefined) return { ...about, unmeasured: missing, hasFailed: options.isNamed };
  try {
    say("begins ...");
    const report = await part.measure(howOf(part, options.how));
    if (options.save) saveReport(bench, name, report, commandOf(name, part, options.how));
    return { ...about, report };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...about, unmeasured: reason, hasFailed: true };
  }
}

function missingFor(needs: Part["needs"]): string | undefined {
  if (needs === "wrk" && !findProgram("wrk")) {
    return "it needs wrk; on Debian or Ubuntu: sudo apt-get install wrk";
  }
  return needs === "linux" && process.platform !== "linux" ? "it needs Linux" : undefined;
}

function saveReport(
  { root, origin }: Bench,
  part: PartName,
  report: Report,
  command: string,
): void {
  const { data: _, ...kept } = report;
  save(root, { part, command, ...origin, ...kept });
  writeEvidence(root);
}

/** Writes all reports so far. */
function keep({ root, origin }: Bench, outcomes: readonly Outcome[]): void {
  const parts = Object.fromEntries(outcomes.map(({ name, ...outcome }) => [name, outcome]));
  mkdirSync(join(root, ".headgate"), { recursive: true });
  const file = join(root, ".headgate", "bench.json");
  writeFileSync(file, `${JSON.stringify({ ...origin, parts }, null, 2)}\n`);
}
