import { MagicString } from "magic-string";
import { nameIn } from "#lib/source/nodes";
import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { keyOf, type Module, type Project } from "./project.ts";
import { isInMiddleware } from "./paths.ts";
import type { Rule } from "./rules.ts";
import { part, type Place } from "./place.ts";
import { finals } from "./values.ts";
import { subjectOf } from "./counted-client.ts";

/** The parts of a policy's source that rules are added to. */
export interface PolicySource {
  readonly module: Module;
  readonly policy: Node;
  /** `rules: { … }`. */
  readonly rules: Node;
  /** The object of `defineIdentities({ … })`, in any file; undefined for a policy without identities. */
  readonly identities: Place | undefined;
}

/** Finds the policy in a file; undefined when its rules are not written there. */
export function policyIn(project: Project, path: string): PolicySource | undefined {
  const file = project.module(path);
  const call = file.nodes.find(
    ({ type, callee }) => type === "CallExpression" && nameIn(callee) === "definePolicy",
  );
  const policy = nodesOf(call?.["arguments"])[0];
  const rules = policy && propertyOf(policy, "rules");
  if (policy?.type !== "ObjectExpression" || rules?.type !== "ObjectExpression") return undefined;
  return { module: file, policy, rules, identities: identitiesOf(project, file, policy) };
}

function propertyOf(object: Node, name: string): Node | undefined {
  return nodeOf(nodesOf(object["properties"]).find((one) => keyOf(one) === name)?.["value"]);
}

function identitiesOf(project: Project, module: Module, policy: Node): Place | undefined {
  const node = propertyOf(policy, "identities");
  const [made] = node ? finals(project, { module, node, calls: new Map() }) : [];
  if (!made || made.node.type === "ObjectExpression") return made;
  const given = part(made, nodesOf(made.node["arguments"])[0]);
  return given && finals(project, given)[0];
}

/** Returns the names of an object's properties. */
export function namesIn(object: Node | undefined): readonly string[] {
  return nodesOf(object?.["properties"]).flatMap((one) => keyOf(one) ?? []);
}

/**
 * Adds rules to the source of a policy, and the identities that they count, only by insertions.
 *
 * @returns the new text of each file that changes
 */
export function withRules(
  { module, policy, rules, identities }: PolicySource,
  added: readonly Rule[],
): ReadonlyMap<string, string> {
  const texts = new Map<Module, MagicString>();
  const textFor = (of: Module) => {
    const text = texts.get(of) ?? new MagicString(of.text);
    texts.set(of, text);
    return text;
  };
  const inner = indentOf(module, nodesOf(rules["properties"])[0], `${indentAt(module, rules)}  `);
  append(
    textFor(module),
    module,
    rules,
    added.map((rule) => written(rule, inner)),
  );
  const known = new Set(["ip", ...namesIn(identities?.node)]);
  const needed = new Set(added.flatMap(({ client }) => client.names));
  const missing = [...needed].filter((name) => !known.has(name));
  if (missing.length > 0 && identities?.node.type === "ObjectExpression") {
    const lines = missing.map((name) => `  ${name}: "from-code",`);
    append(textFor(identities.module), identities.module, identities.node, lines);
  } else if (missing.length > 0) {
    const [first] = nodesOf(policy["properties"]);
    const text = missing.map((name) => `${name}: "from-code"`).join(", ");
    const outer = indentOf(module, first, `${indentAt(module, policy)}  `);
    textFor(module).appendLeft(
      policy.start + 1,
      `\n${outer}// Only a handler knows these; give one a resolver, and rules with \`match\` count it too.\n${outer}identities: defineIdentities({ ${text} }),`,
    );
    importIdentities(textFor(module), module);
  }
  return new Map([...texts].map(([of, text]) => [of.path, text.toString()]));
}

/** Adds `defineIdentities` to the import of `definePolicy`. */
function importIdentities(text: MagicString, module: Module): void {
  const specifier = module.nodes.find(
    (node) => node.type === "ImportSpecifier" && nameIn(node["imported"]) === "definePolicy",
  );
  const known = module.nodes.some(
    (node) => node.type === "ImportSpecifier" && nameIn(node["imported"]) === "defineIdentities",
  );
  if (known) return;
  if (specifier) text.appendLeft(specifier.start, "defineIdentities, ");
  else text.prepend('import { defineIdentities } from "headgate";\n');
}

/** Adds lines after the last property of an object. */
function append(text: MagicString, module: Module, object: Node, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const last = nodesOf(object["properties"]).at(-1);
  const end = object.end - 1;
  const after = last ? module.text.slice(last.end, end) : "";
  if (last && !/^\s*,/.test(after)) text.appendLeft(last.end, ",");
  // The lines go after any text behind the last property, such as a comment.
  const gap = /\s*$/.exec(module.text.slice(object.start + 1, end))?.[0] ?? "";
  const newline = gap.includes("\n") ? "" : `\n${indentAt(module, object)}`;
  // Rules have many lines, so a blank line separates them.
  const between = lines.some((line) => line.includes("\n")) ? "\n\n" : "\n";
  const first = last ? between : "\n";
  text.appendLeft(end - gap.length, `${first}${lines.join(between)}${newline}`);
}

/** Returns the indentation of a node's line. */
function indentAt({ text }: Module, { start }: Node): string {
  const line = text.slice(text.lastIndexOf("\n", start - 1) + 1, start);
  return /^\s*/.exec(line)?.[0] ?? "";
}

function indentOf(module: Module, node: Node | undefined, otherwise: string): string {
  const before = node ? module.text.slice(0, node.start) : "";
  return /\n([ \t]*)$/.exec(before)?.[1] ?? otherwise;
}

/** Returns a rule as text, with a comment on its limiter. */
function written(rule: Rule, indent: string): string {
  const { name, match, methods, counting, cost, client } = rule;
  const key = /^[a-z]\w*$/.test(name) ? name : JSON.stringify(name);
  const subject = subjectOf(client);
  const counted = /^\w+$/.test(subject) ? subject : JSON.stringify(subject);
  const isMatched = match.length > 0;
  const [only, ...others] = match.map((pattern) => JSON.stringify(pattern));
  const matchText = others.length > 0 ? `[${[only, ...others].join(", ")}]` : only;
  const lines = [
    ...commentOf(rule).map((line) => `// ${line}`),
    `${key}: {`,
    ...(isMatched ? [`  match: ${matchText},`] : []),
    ...(isMatched && methods.length > 0
      ? [`  methods: [${methods.map((method) => JSON.stringify(method)).join(", ")}],`]
      : []),
    `  limits: { ${counted}: ${JSON.stringify(counting.text)} },`,
    `  algorithm: ${JSON.stringify(counting.algorithm)},`,
    ...(isMatched && cost !== 1 ? [`  cost: ${cost},`] : []),
    ...(isMatched && counting.isCached ? ['  admit: "optimistic",'] : []),
    `  mode: ${isMatched ? '"shadow"' : '"enforce"'},`,
    "},",
  ];
  return lines.map((line) => indent + line).join("\n");
}

function commentOf({ limiter, match, uses, unmatched }: Rule): readonly string[] {
  const files = (places: readonly Place[]) =>
    [...new Set(places.map(({ module }) => module.path))].join(", ");
  const early = uses.filter(isInMiddleware).map(({ from }) => from);
  const calls = uses.map(({ call }) => call);
  return [
    `${limiter.written} of ${limiter.place.module.path}.`,
    ...(match.length > 0
      ? [
          `In shadow, because ${files(early)} limits the same. Delete its call, and make this "enforce".`,
        ]
      : [`For the calls in ${files(calls)}: each has a comment that says how to replace it.`]),
    ...(unmatched === undefined ? [] : [`No \`match\`: ${unmatched}.`]),
    ...limiter.notes,
  ];
}
