import { posix } from "node:path";
import { type Node, nodesOf } from "#lib/source/parse";
import { isInMiddleware } from "./paths.ts";
import { ancestors, type Module, type Project, textOf } from "./project.ts";
import { costOf, type Rule } from "./rules.ts";
import type { Use } from "./uses.ts";
import { part } from "./place.ts";
import { clientOf } from "./counted-client.ts";

/** The beginning of our comments. The next run does not change a place that has one. */
export const MARK = "// Headgate: ";
const GUIDE = "headgate/docs/start/from-upstash-ratelimit.md";

/** Comments that apply to the next line, so that ours goes before them. */
const DIRECTIVE = /^\s*\/\/\s*(?:@ts-|eslint-|oxlint-|biome-|prettier-|deno-|istanbul |v8 |c8 )/;

/**
 * Returns where a comment for a node goes: before the closest enclosing statement that begins a line, and
 * before comments that apply to that line.
 */
export function commentPlace(module: Module, node: Node): number {
  const { text } = module;
  const statements = [node, ...ancestors(module, node)].filter(
    ({ type }) => /(?:Statement|Declaration)$/.test(type) && type !== "BlockStatement",
  );
  const whole = statements.find(
    ({ start }) => text.slice(lineStart(text, start), start).trim() === "",
  );
  if (!whole) return (statements.at(-1) ?? node).start;
  let start = lineStart(text, whole.start);
  while (start > 0) {
    const before = lineStart(text, start - 1);
    if (!DIRECTIVE.test(text.slice(before, start))) break;
    start = before;
  }
  return start;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Returns true when an earlier run has left its comment at a place. */
export function isMarked({ text }: Module, place: number): boolean {
  const before = /(?:^|\n)((?:[ \t]*\/\/[^\n]*\n)*)[ \t]*$/.exec(text.slice(0, place))?.[1] ?? "";
  return before.includes(MARK.trim());
}

/** Returns the comment of a place as text to insert there. */
export function commentText({ text }: Module, place: number, lines: readonly string[]): string {
  const isLine = place === lineStart(text, place);
  const indent = isLine ? (/^[ \t]*/.exec(text.slice(place))?.[0] ?? "") : "";
  const [first = "", ...others] = lines.flatMap(wrapped);
  const all = [MARK + first, ...others.map((line) => `// ${line}`)];
  return isLine
    ? all.map((line) => `${indent}${line}\n`).join("")
    : `\n${all.map((line) => `${line}\n`).join("")}`;
}

const WIDTH = 90;

/** Breaks a line of text. Code, which is indented, stays on one line. */
function wrapped(line: string): readonly string[] {
  if (line.startsWith(" ") || line.length <= WIDTH) return [line];
  const at = line.lastIndexOf(" ", WIDTH);
  return at <= 0 ? [line] : [line.slice(0, at), ...wrapped(line.slice(at + 1))];
}

/** The data for a comment. */
export interface Commented {
  readonly project: Project;
  /** The policy's file and the gate's. */
  readonly policy: string;
  readonly gate: string;
}

/** Returns the comment at a call for which rules were written. It says how to replace the call. */
export function replacement(
  { project, policy, gate }: Commented,
  uses: readonly Use[],
  rules: readonly Rule[],
): readonly string[] {
  const [use] = uses;
  const [rule] = rules;
  if (!use || !rule) return [];
  const own = problemsOf(uses);
  const isEarly = rules.every(({ match }) => match.length > 0) && uses.every(isInMiddleware);
  if (rules.length === 1 && isEarly && use.method === "limit") {
    return [
      `the rule "${rule.name}" of ${policy} limits the same, in shadow. Delete this call`,
      `and what reads its result, and make the rule's mode "enforce" (${GUIDE}).`,
      ...own,
    ];
  }
  const choices = rules.map((one) => `  ${callOf(project, use, one)}`);
  const names = rules.map(({ name }) => `"${name}"`).join(", ");
  return [
    rules.length === 1
      ? `the rule ${names} of ${policy} limits the same. Instead of this call write`
      : `the rules ${names} of ${policy} limit the same. Instead of this call write one of`,
    ...choices,
    `with { gate } of "${importPath(use.call.module.path, gate)}" (${GUIDE}).`,
    ...rules
      .filter(({ match }) => match.length > 0)
      .map(({ name }) => `The rule "${name}" is in shadow: make its mode "enforce" then.`),
    ...own,
  ];
}

function problemsOf(uses: readonly Use[]): readonly string[] {
  const problems = new Set(uses.flatMap(({ limiters }) => limiters.flatMap(problemOf)));
  return [...problems];
}

function problemOf(limiter: Use["limiters"][number]): readonly string[] {
  return limiter.problem === undefined
    ? []
    : [`${limiter.written} has no rule: ${limiter.problem}.`];
}

/** Returns the call of the gate that replaces a call of a limiter. */
function callOf(project: Project, use: Use, { name, client }: Rule): string {
  const here = use.identifier && { ...use.identifier, calls: new Map() };
  const near = here && clientOf(project, here);
  const known = near && near.names.join() === client.names.join() ? near : undefined;
  const text = here ? textOf(here.module, here.node).replace(/\s+/g, " ") : "";
  const values = client.names.flatMap((one) => {
    if (one === "ip" && known?.request !== undefined) return [];
    const value = known?.values[one] ?? text;
    return [value === one ? one : `${one}: ${value}`];
  });
  const given = values.length > 0 ? `{ ${values.join(", ")} }` : "{}";
  const cost = use.method === "limit" ? costText(project, use) : undefined;
  const options = [
    ...(client.names.includes("ip") && known?.request !== undefined
      ? [known.request === "request" ? "request" : `request: ${known.request}`]
      : []),
    ...(cost === undefined ? [] : [`cost: ${cost}`]),
  ];
  const more = options.length > 0 ? `, { ${options.join(", ")} }` : "";
  const does = use.method === "getRemaining" ? "peek" : "limit";
  return `await gate.limits.${does}(${JSON.stringify(name)}, ${given}${more})`;
}

/** Returns the text of `rate`, if it is given. */
function costText(project: Project, use: Use): string | undefined {
  const cost = costOf(project, use);
  if (cost === 1 || !use.options) return undefined;
  if (cost !== undefined) return String(cost);
  const rate = nodesOf(use.options.node["properties"])
    .flatMap((one) => part(use.call, one["value"]) ?? [])
    .at(0);
  return rate && textOf(rate.module, rate.node);
}

/** Returns the specifier by which a file imports another, such as "../gate". */
export function importPath(from: string, to: string): string {
  const path = posix.relative(posix.dirname(from), to.replace(/\.[cm]?[jt]sx?$/, ""));
  return path.startsWith(".") ? path : `./${path}`;
}

/** The comments at methods without a counterpart. */
export const WITHOUT_COUNTERPART: Partial<Record<Use["method"], readonly string[]>> = {
  blockUntilReady: [
    "blockUntilReady has no counterpart: call gate.limits.limit, and if it denies, wait",
    `decision.retryAfterMs and call it again, or answer 429 (${GUIDE}).`,
  ],
  resetUsedTokens: [
    "resetUsedTokens has no counterpart: counts end with their window, and",
    `gate.limits.refund(decision) returns the units of one call (${GUIDE}).`,
  ],
  setDynamicLimit: [
    "setDynamicLimit has no counterpart: a policy is fixed while the app runs. Write tiers,",
    `or deploy the policy with another limit (${GUIDE}).`,
  ],
  getDynamicLimit: [
    "getDynamicLimit has no counterpart: a policy is fixed while the app runs, and",
    `gate.limits.peek returns its limits (${GUIDE}).`,
  ],
};

/** Returns the comment at a `new Ratelimit(…)` for which no rule was written. */
export function untranslated(why: string): readonly string[] {
  return [
    `no rule was written for this limiter: ${why}.`,
    `It still works. ${GUIDE} describes alternatives.`,
  ];
}
