import type { App } from "./app.ts";
import type { DraftRule } from "./rules.ts";

/** A request that a rule denies when it is sent often enough within a window. */
export interface Trial {
  readonly rule: string;
  /** The number of requests: one more than the rule allows in its shortest window. */
  readonly requests: number;
  /** The shell command that sends them to `next dev` and counts the statuses. */
  readonly command: string;
}

/** Returns the trial of the rule with the smallest limit, which denies first. */
export function trialOf(app: App, rules: readonly DraftRule[]): Trial | undefined {
  const [tightest] = rules
    .map((rule) => ({ rule, limit: Number.parseInt(rule.limits[0] ?? "", 10) }))
    .toSorted((a, b) => a.limit - b.limit);
  if (tightest === undefined) return undefined;
  const { rule, limit } = tightest;
  const { method, path } = rule.sample;
  const requests = limit + 1;
  const slash = app.trailingSlash && !path.endsWith("/") ? "/" : "";
  const url = `http://localhost:${portOf(app)}${app.basePath}${path}${slash}`;
  const send = `curl -s -o /dev/null -w '%{http_code}\\n' -X ${method} '${url}?[1-${requests}]'`;
  return { rule: rule.name, requests, command: `${send} | sort | uniq -c` };
}

/** Returns the port of the dev script, else Next's default. */
function portOf({ scripts }: App): string {
  const named = /(?:\s-p|\s--port|\bPORT)[\s=]*(\d+)/.exec(scripts["dev"] ?? "");
  return named?.[1] ?? "3000";
}
