import { MagicString } from "magic-string";
import {
  commentPlace,
  commentText,
  isMarked,
  replacement,
  untranslated,
  WITHOUT_COUNTERPART,
} from "./comments.ts";
import { isLimiter, limiterOf } from "./limiters.ts";
import { namesIn, policyIn, withRules } from "./policy-text.ts";
import { type Module, Project } from "./project.ts";
import { rulesOf } from "./rules.ts";
import { type Use, usesOf } from "./uses.ts";
import type { Place } from "./place.ts";

/** The translation of an app that uses @upstash/ratelimit. */
export interface Translation {
  /** The new text of each file that changes, by its path. */
  readonly changed: ReadonlyMap<string, string>;
  /** The names of the rules that were written. */
  readonly rules: readonly string[];
  /** What was not translated: a sentence each, with the file and the reason. */
  readonly left: readonly string[];
}

/** The paths of the policy and the gate, from the app's folder. */
export interface GateFiles {
  readonly policy: string;
  readonly gate: string;
}

/**
 * Adds rules to an app's policy that replace its limiters of @upstash/ratelimit, and a comment at each call
 * that says how to replace it. The code of the app does not change, so it builds and limits as before. A
 * second run changes nothing.
 *
 * @param sources the text of each file by its path, with the policy
 * @example
 * const { changed } = translateUpstash(sources, { policy: "config/rate-limits.ts", gate: "gate.ts" });
 */
export function translateUpstash(
  sources: ReadonlyMap<string, string>,
  files: GateFiles,
): Translation {
  const project = new Project(sources);
  const policy = policyIn(project, files.policy);
  const all = usesOf(project);
  const open = all.filter(
    ({ call }) => !isMarked(call.module, commentPlace(call.module, call.node)),
  );
  const rules = policy
    ? rulesOf(project, open.filter(isCounting), new Set(namesIn(policy.rules)))
    : [];
  const comments = new Comments();
  for (const uses of byCall(open)) {
    const [{ call }] = uses;
    const own = rules.filter((rule) => rule.uses.some((use) => uses.includes(use)));
    const { method } = uses[0];
    project.ask();
    const lines = WITHOUT_COUNTERPART[method] ?? replacement({ project, ...files }, uses, own);
    if (lines.length > 0) comments.add(call, lines);
  }
  const left = [...new Set(addUntranslated(project, all, comments))];
  const changed = new Map([
    ...comments.texts(),
    ...(policy && rules.length > 0 ? withRules(policy, rules) : []),
  ]);
  return {
    changed,
    rules: rules.map(({ name }) => name),
    left: policy ? left : [noPolicy(files.policy), ...left],
  };
}

const UNCALLED = "none of its calls could be followed";

function noPolicy(path: string): string {
  return `${path}: its rules are not written there as \`definePolicy({ rules: { … } })\`, so no rule was added`;
}

function isCounting({ method }: Use): boolean {
  return method === "limit" || method === "getRemaining" || method === "blockUntilReady";
}

/** Groups uses by their calls, in the order of the calls. */
function byCall(uses: readonly Use[]): readonly (readonly [Use, ...Use[]])[] {
  const groups = new Map<unknown, [Use, ...Use[]]>();
  for (const use of uses) {
    const group = groups.get(use.call.node);
    if (group) group.push(use);
    else groups.set(use.call.node, [use]);
  }
  return [...groups.values()];
}

/** Adds a comment at each limiter without a rule, and returns the reasons by file. */
function addUntranslated(
  project: Project,
  uses: readonly Use[],
  comments: Comments,
): readonly string[] {
  const used = new Map(
    uses.flatMap(({ limiters }) => limiters.map((one) => [one.id, one] as const)),
  );
  return project.modules.flatMap((module) =>
    module.nodes.flatMap((node) => {
      const place: Place = { module, node, calls: new Map() };
      project.ask();
      if (!isLimiter(project, place)) return [];
      const here = [...used.values()].filter((one) => one.place.node === node);
      const problems =
        here.length > 0
          ? here.flatMap(({ problem }) => problem ?? [])
          : [limiterOf(project, place).problem ?? UNCALLED];
      const [why] = problems;
      if (why === undefined) return [];
      comments.add(place, untranslated(why));
      return [`${module.path}: ${why}`];
    }),
  );
}

/** The comments that are added to the app's files. */
class Comments {
  readonly #texts = new Map<Module, MagicString>();
  readonly #places = new Set<string>();

  /** Adds a comment at a place that has no comment of headgate yet. */
  add({ module, node }: Pick<Place, "module" | "node">, lines: readonly string[]): void {
    const at = commentPlace(module, node);
    const id = `${module.path}:${at}:${lines.join()}`;
    if (isMarked(module, at) || this.#places.has(id)) return;
    this.#places.add(id);
    const text = this.#texts.get(module) ?? new MagicString(module.text);
    this.#texts.set(module, text.appendLeft(at, commentText(module, at, lines)));
  }

  texts(): ReadonlyMap<string, string> {
    return new Map([...this.#texts].map(([{ path }, text]) => [path, text.toString()]));
  }
}
