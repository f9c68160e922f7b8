import type { Audit } from "./audit.ts";
import type { CoveredRewrite } from "./cover-rewrite.ts";
import type { Cover, CoveredRoute } from "./coverage.ts";
import type { Finding } from "./findings.ts";
import { ANY_OTHER, type Route } from "./routes.ts";

const WIDTH = 100;

/** The longest path of a route that is shown in the same line as the rest, in characters. */
const MAX_PATH = 46;

const GAP = "  ";

type Row = readonly [path: string, kind: string, methods: string, cover: string];

/**
 * Returns an audit as text: a table of routes and rewrites, a paragraph for each finding, and a summary line.
 */
export function renderAudit(audit: Audit): string {
  const rows: Row[] = [
    ["route", "kind", "methods", "covered by"],
    ...audit.routes.flatMap((covered) => routeRows(covered, audit.mark)),
    ...audit.rewrites.map((covered) => rewriteRow(covered, audit.mark)),
  ];
  return [
    renderTable(rows),
    ...audit.failures.map((one) => renderFinding(one)),
    ...audit.warnings.map((one) => renderFinding(one, "warning: ")),
    summary(audit),
  ].join("\n\n");
}

function routeRows({ route, covers }: CoveredRoute, mark: Audit["mark"]): Row[] {
  if (covers.length === 0) return [[route.path, route.kind, "OPTIONS", "-"]];
  return covers.map((cover, i) => [
    i === 0 ? route.path : "",
    i === 0 ? route.kind : "",
    cover.methods.map((method) => (method === ANY_OTHER ? "others" : method)).join(" "),
    coverInWords(cover, route, mark),
  ]);
}

function coverInWords(cover: Cover, { kind }: Route, mark: Audit["mark"]): string {
  if (cover.gap) {
    return `NOT COVERED: ${cover.gap.why}${cover.gap.isPartial ? " for some" : ""}`;
  }
  const rules = [
    ...cover.rules.map(mark),
    ...cover.someRules.map((rule) => `${mark(rule)} (some paths)`),
  ].join(", ");
  const exempt = cover.exempt.map((reason) => `exempt: ${reason}`).join("; ");
  const words = [rules, exempt].filter((text) => text !== "").join("; ");
  return words || (kind === "file" ? "- (made by the build)" : "-");
}

function rewriteRow(
  { source, destination, isExternal, rules, findings }: CoveredRewrite,
  mark: Audit["mark"],
): Row {
  const path = `${source} → ${destination}`;
  if (isExternal) return [path, "rewrite", "", "- (leaves the app)"];
  const cover = rules.map(mark).join(", ") || "-";
  return [path, "rewrite", "", findings.length > 0 ? "NOT COVERED" : cover];
}

function renderTable(rows: readonly Row[]): string {
  const widths = [0, 1, 2].map((column) =>
    Math.max(
      ...rows
        .map((row) => row[column]?.length ?? 0)
        .filter((length) => column > 0 || length <= MAX_PATH),
    ),
  );
  const before = widths.reduce((sum, width) => sum + width + GAP.length, 0);
  return rows.flatMap((row) => renderRow(row, widths, before)).join("\n");
}

function renderRow([path, ...cells]: Row, widths: readonly number[], before: number): string[] {
  const isLong = path.length > (widths[0] ?? 0);
  const [kind, methods, cover] = cells;
  const [first = "", ...more] = wrap(cover, Math.max(WIDTH - before, 24));
  const head = [isLong ? "" : path, kind, methods].map((text, i) => text.padEnd(widths[i] ?? 0));
  return [
    ...(isLong ? [path] : []),
    [...head, first].join(GAP).trimEnd(),
    ...more.map((line) => " ".repeat(before) + line),
  ];
}

/** Breaks a text at spaces into lines of at most this width, if its words permit. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function renderFinding(
  { code, subject, what, given, allowed, docs }: Finding,
  before = "",
): string {
  const [kind, name] = what;
  return [
    `${before}${subject}  ${code}`,
    ...entry(kind, name),
    ...entry("given", given),
    ...entry("allowed", allowed),
    ...entry("more", docs),
  ].join("\n");
}

const MARGIN = 11;

function entry(label: string, text: string): string[] {
  const [first = "", ...more] = wrap(text, WIDTH - MARGIN);
  return [`  ${label}`.padEnd(MARGIN) + first, ...more.map((line) => " ".repeat(MARGIN) + line)];
}

function summary({ routes, rewrites, failures, warnings }: Audit): string {
  const counts = [
    count(routes.length, "route"),
    count(rewrites.length, "rewrite"),
    count(failures.length, "failure"),
    ...(warnings.length > 0 ? [count(warnings.length, "warning")] : []),
  ];
  return counts.join(", ");
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

/** Returns an audit as data for programs. */
export function auditAsData({ routes, rewrites, failures, warnings }: Audit): unknown {
  return {
    ok: failures.length === 0,
    routes: routes.map(({ route, covers }) => ({ ...route, covers })),
    rewrites: rewrites.map(({ source, destination, isExternal, rules }) => ({
      source,
      destination,
      isExternal,
      rules,
    })),
    failures,
    warnings,
  };
}
