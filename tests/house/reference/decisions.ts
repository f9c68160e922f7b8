import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Page, pageOf, ROOT, table } from "./page.ts";

const FOLDER = join(ROOT, "docs", "decisions");

/** The title, and the line under it that every decision has. */
const HEAD =
  /^# (\d{3}): (.+)\n\nStatus: (accepted|amended by .+|superseded by .+)\. Date: (\d{4}-\d\d-\d\d)\.\n/;

export const DECISIONS: Page = {
  path: "docs/decisions/README.md",
  build: () =>
    pageOf(
      "# Decisions",
      "Each page records one decision, with its reasons and consequences. A decision is not rewritten later: a new one amends or supersedes it, and the line under its title says so.",
      table(["number", "decision", "status", "date"], rows()),
    ),
};

function rows(): readonly (readonly string[])[] {
  const files = globSync("[0-9]*.md", { cwd: FOLDER }).toSorted();
  return files.map((file) => {
    const [, number, title, status = "", date = ""] =
      HEAD.exec(readFileSync(join(FOLDER, file), "utf8")) ?? [];
    if (number === undefined || title === undefined || !basename(file).startsWith(number)) {
      throw new Error(
        `docs/decisions/${file} must begin with "# 012: Title", an empty line, and "Status: accepted. Date: 2026-11-23."`,
      );
    }
    return [`[${number}](${file})`, title, status, date];
  });
}
