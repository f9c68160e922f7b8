// npm run bench: compares Headgate with other ways to limit requests. `--help` explains it.
import { ROOT } from "../support/app.ts";
import { installPrograms } from "../support/install.ts";
import { measureParts } from "./measure.ts";
import { helpOf, type Options, readOptions } from "./options.ts";
import { PARTS } from "./parts.ts";
import { expectCommitted, originOf } from "./report/origin.ts";
import { renderPage } from "./report/page.ts";
import { writeEvidence } from "./report/saved.ts";

try {
  process.exitCode = await run(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

/** Returns the exit code. */
async function run(options: Options): Promise<number> {
  if (options.help) console.log(helpOf(PARTS));
  else if (options.docs) console.log(writeEvidence(ROOT).join("\n") || "The docs are up to date.");
  else return bench(options);
  return 0;
}

async function bench(options: Options): Promise<number> {
  if (options.save) expectCommitted(ROOT);
  await installPrograms();
  const origin = originOf(ROOT);
  const outcomes = await measureParts({ root: ROOT, parts: PARTS, origin }, options);
  process.stdout.write(renderPage(outcomes, process.stdout.isTTY));
  return outcomes.some((outcome) => "hasFailed" in outcome && outcome.hasFailed) ? 1 : 0;
}
