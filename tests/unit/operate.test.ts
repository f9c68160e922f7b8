import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Metric, METRICS } from "#lib/observe/metric-names";
import { ROOT } from "../support/app.ts";
import { promtool } from "../support/promtool.ts";
import { scope } from "../support/scope.ts";

const cleanUp = scope();
const OPERATE = join(ROOT, "docs", "operate");
const ALERTS = join(OPERATE, "alerts.yml");
const TESTS = join(ROOT, "tests", "fixtures", "alerts", "alerts.test.yml");
const read = (file: string) => readFileSync(join(OPERATE, file), "utf8");

/** The text of each alert of alerts.yml, by its name. */
const alerts = read("alerts.yml")
  .split("- alert: ")
  .slice(1)
  .map((text) => ({ name: text.split("\n")[0] ?? "", text }));

interface Target {
  readonly expr: string;
  readonly refId: string;
  readonly datasource: { readonly uid: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<"h" | "w" | "x" | "y", number>>;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly Target[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: unknown;
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

const dashboard = JSON.parse(read("grafana.json")) as Dashboard;
const charts = dashboard.panels.filter(({ type }) => type !== "row");
const queries = charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

const DECISIONS = "headgate_decisions_total";
const OUTCOMES = ["allowed", "denied", "shadow_denied", "degraded", "blocked", "uncounted"];

/** The series of METRICS, with their labels and the values of the last label. */
const SERIES = new Map(
  Object.entries(METRICS).flatMap(([name, metric]: [string, Metric]) => {
    const full = `headgate_${name}`;
    const { labels = [], values } = metric;
    if (metric.type !== "histogram") {
      return [[full, { labels, values: full === DECISIONS ? OUTCOMES : values }] as const];
    }
    return ["_bucket", "_sum", "_count"].map(
      (suffix) => [full + suffix, { labels: suffix === "_bucket" ? ["le"] : [], values }] as const,
    );
  }),
);

/** Returns the unknown metrics, labels and values that a text names. */
function wrongIn(text: string): string[] {
  return [...text.matchAll(/\b(headgate_\w+)(?:\{([^}]*)\})?/g)].flatMap(
    ([, name = "", matchers = ""]) => {
      const series = SERIES.get(name);
      if (!series) return [name];
      return [...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"([^"]*)"/g)].flatMap(
        ([, label = "", value = ""]) => {
          if (!series.labels.includes(label)) return [`${name}{${label}}`];
          const { values } = series;
          if (label !== series.labels.at(-1) || !values) return [];
          return value.split("|").filter((one) => !values.includes(one));
        },
      );
    },
  );
}

test("wrongIn finds metrics, labels and values that do not exist", () => {
  expect(wrongIn("headgate_redis_up == 0")).toEqual([]);
  expect(wrongIn('rate(headgate_locks_total{state=~"lost|contended"}[5m])')).toEqual([]);
  expect(wrongIn("headgate_redis_down == 1")).toEqual(["headgate_redis_down"]);
  expect(wrongIn("headgate_store_call_duration_seconds")).toHaveLength(1);
  expect(wrongIn('headgate_locks_total{rule="a"}')).toEqual(["headgate_locks_total{rule}"]);
  expect(wrongIn('headgate_locks_total{state=~"lost|stolen"}')).toEqual(["stolen"]);
  expect(wrongIn('headgate_decisions_total{rule="a",outcome="refused"}')).toEqual(["refused"]);
});

describe("docs/operate/alerts.yml", () => {
  test("alerts.yml passes promtool check rules", async () => {
    const { ok, output } = await promtool(["check", "rules", ALERTS]);
    expect(output).toContain(`${alerts.length} rules found`);
    expect(ok).toBe(true);
  });

  test("alerts.yml passes its unit tests by promtool", async () => {
    const { ok, output } = await promtool(["test", "rules", TESTS]);
    expect(output).toContain("SUCCESS");
    expect(ok).toBe(true);
  });

  test("names no metric, label or value that Headgate does not export", () => {
    expect(alerts.length).toBeGreaterThan(10);
    expect(alerts.flatMap(({ text }) => wrongIn(text))).toEqual([]);
  });

  test("alerts.yml names only codes of errors that exist", () => {
    const codes = read("alerts.yml").match(/\bSTORE_\w+/g) ?? [];
    const page = readFileSync(join(ROOT, "docs", "reference", "errors.md"), "utf8");
    expect(codes).not.toEqual([]);
    expect(codes.filter((code) => !page.includes(`### ${code}\n`))).toEqual([]);
  });

  test.each(alerts)("$name has a severity, a time, a runbook and a row in alerts.md", (alert) => {
    expect(alert.text).toMatch(/^ +for: \d+m$/m);
    expect(alert.text).toMatch(/^ +severity: (?:critical|warning)$/m);
    const [, anchor = ""] =
      /^ +runbook_url: docs\/operate\/runbooks\.md#([a-z-]+)$/m.exec(alert.text) ?? [];
    const headings = [...read("runbooks.md").matchAll(/^## (.+)$/gm)].map(([, heading = ""]) =>
      heading.toLowerCase().replaceAll(" ", "-"),
    );
    expect(headings).toContain(anchor);
    const [, severity = ""] = /severity: (\w+)/.exec(alert.text) ?? [];
    const [, minutes = ""] = /for: (\d+)m/.exec(alert.text) ?? [];
    const time = minutes === "0" ? "at once" : `${minutes} min`;
    expect(read("alerts.md")).toMatch(
      new RegExp(`^\\| \`${alert.name}\` \\|.*\\| ${time} \\| ${severity} \\|$`, "m"),
    );
  });

  test.each(alerts)("$name has a case in which it fires and one in which it does not", (alert) => {
    const cases = readFileSync(TESTS, "utf8");
    expect(cases).toMatch(new RegExp(`alertname: ${alert.name}\\n +exp_alerts:\\n`));
    expect(cases).toContain(`alertname: ${alert.name}, exp_alerts: []`);
  });
});

test("each section of runbooks.md has the alert's meaning, what to look at and what to do", () => {
  const sections = read("runbooks.md").split(/^## /m).slice(1);
  expect(sections).toHaveLength(alerts.length);
  for (const section of sections) {
    for (const part of ["**It means**", "**Look at**", "**Do**"]) expect(section).toContain(part);
  }
});

describe("docs/operate/grafana.json", () => {
  test("names no metric, label or value that Headgate does not export", () => {
    expect(queries.length).toBeGreaterThan(20);
    expect(queries.flatMap(wrongIn)).toEqual([]);
    expect(wrongIn(JSON.stringify(dashboard.templating))).toEqual([]);
  });

  test("grafana.json or an alert uses every metric", () => {
    const used = [...queries, read("alerts.yml")].join("\n");
    const unused = Object.keys(METRICS).filter((name) => !used.includes(`headgate_${name}`));
    expect(unused).toEqual([]);
  });

  test("grafana.json has queries that Prometheus can read", async () => {
    const folder = cleanUp(mkdtempSync(join(tmpdir(), "headgate-operate-")), (it) =>
      rmSync(it, { recursive: true }),
    );
    const rules = queries.map((expr, i) => ({
      record: `query:${i}`,
      expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$rule", ".*"),
    }));
    const file = join(folder, "queries.yml");
    // Every JSON text is valid YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: "queries", rules }] }));
    const { ok, output } = await promtool(["check", "rules", file]);
    expect(output).toContain(`${queries.length} rules found`);
    expect(ok).toBe(true);
  });

  test("grafana.json has a variable for the data source, and every query uses it", () => {
    const { list } = dashboard.templating;
    expect(list[0]).toMatchObject({ name: "datasource", type: "datasource", query: "prometheus" });
    const named = charts.flatMap(({ datasource, targets = [] }) => [
      datasource?.uid,
      ...targets.map((target) => target.datasource.uid),
    ]);
    expect(new Set(named)).toEqual(new Set(["${datasource}"]));
    const used = [...queries.join().matchAll(/\$(\w+)/g)].map(([, name = ""]) => name);
    const known = new Set([...list.map(({ name }) => name), "__rate_interval"]);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  test("grafana.json has a form that Grafana imports: different ids, and panels that do not overlap", () => {
    const { uid, title, schemaVersion, panels } = dashboard;
    expect([uid, title]).toEqual(["headgate", "Headgate"]);
    expect(schemaVersion).toBeGreaterThanOrEqual(36);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x < 0 || x + w > 24)).toEqual([]);
    for (const { title: name, targets = [] } of charts) {
      expect(name).not.toBe("");
      expect(targets).not.toEqual([]);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });
});
