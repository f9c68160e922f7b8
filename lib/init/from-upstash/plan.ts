import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plan } from "../plan.ts";
import { type GateFiles, type Translation, translateUpstash } from "./translate.ts";

const SOURCE = /\.[cm]?[jt]sx?$/;
/** Folders whose files are generated. */
const MADE = new Set(["node_modules", "out", "dist", "build", "coverage"]);

/**
 * Plans the rules for an app's limiters of @upstash/ratelimit, and the comments at their calls. The policy is
 * read with the changes that are already planned.
 *
 * @example
 * planFromUpstash({ policy: "config/rate-limits.ts", gate: "gate.ts" }, plan).rules; // ["chat", "api"]
 */
export function planFromUpstash(files: GateFiles, plan: Plan): Translation {
  const paths = [...new Set([...sourcesIn(plan.folder), files.policy])];
  const sources = new Map(paths.map((path) => [path, plan.read(path) ?? ""]));
  const translation = translateUpstash(sources, files);
  for (const [path, text] of translation.changed) {
    const why =
      path === files.policy
        ? "rules that replace @upstash/ratelimit"
        : "only comments: how to replace @upstash/ratelimit";
    plan.set(path, text, why);
  }
  return translation;
}

function sourcesIn(folder: string, below = ""): readonly string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = `${below}${entry.name}`;
    if (entry.isDirectory()) {
      const isOwn = !entry.name.startsWith(".") && !MADE.has(entry.name);
      return isOwn ? sourcesIn(folder, `${path}/`) : [];
    }
    return SOURCE.test(entry.name) ? [path] : [];
  });
}

/** Returns the lines that say what was translated, for a person to read last. */
export function translationLines({ rules, left }: Translation): readonly string[] {
  return [
    "",
    rules.length === 0
      ? "From @upstash/ratelimit: no new rule."
      : `From @upstash/ratelimit: ${rules.length === 1 ? "the rule" : "the rules"} ${rules.join(", ")}. Its calls still limit; a comment at each says how to replace it.`,
    ...(left.length === 0 ? [] : ["Not changed:", ...left.map((line) => `  ${line}`)]),
  ];
}
