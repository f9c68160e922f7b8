import type { Draft, DraftRule } from "./rules.ts";

/** The longest line, in characters. */
const WIDTH = 100;

const HEAD = `import { definePolicy } from "headgate";

// What each rule allows one client, by its address. Identities count by user, tenant or plan:
// headgate/docs/reference/policy.md has every property. Check it: npx headgate check.
export default definePolicy({
  // In production the rules count requests and log denials, but deny no request. In development
  // they are enforced. Delete this line to enforce the rules in production.
  mode: process.env.NODE_ENV === "production" ? "shadow" : "enforce",
`;

/** Returns the text of the policy file of a draft. */
export function policyText({ exempt, rules }: Draft): string {
  const free = Object.entries(exempt).map(
    ([pattern, reason]) => `    ${quoted(pattern)}: ${quoted(reason)},\n`,
  );
  return [
    HEAD,
    ...(free.length > 0 ? ["  exempt: {\n", ...free, "  },\n"] : []),
    "  rules: {\n",
    rules.map(ruleText).join("\n"),
    "  },\n});\n",
  ].join("");
}

function ruleText({ name, comment, match, methods, replaces, limits }: DraftRule): string {
  const properties = [
    property("match", match),
    ...(methods ? [`methods: ${list(methods)},`] : []),
    ...(replaces && replaces.length > 0 ? [property("replaces", replaces)] : []),
    `limits: { ip: ${limits.length === 1 ? quoted(limits[0] ?? "") : list(limits)} },`,
  ];
  const lines = [
    ...comment.map((line) => `    // ${line}`),
    `    ${/^[a-z]+$/.test(name) ? name : quoted(name)}: {`,
    ...properties.flatMap((it) => it.split("\n")).map((line) => `      ${line}`),
    "    },",
  ];
  return `${lines.join("\n")}\n`;
}

/** Returns a property with one or several texts, on separate lines when they are long. */
function property(name: string, values: readonly string[]): string {
  const line = `${name}: ${values.length === 1 ? quoted(values[0] ?? "") : list(values)},`;
  if (line.length + 6 <= WIDTH || values.length === 1) return line;
  return [`${name}: [`, ...values.map((it) => `  ${quoted(it)},`), "],"].join("\n");
}

function list(values: readonly string[]): string {
  return `[${values.map(quoted).join(", ")}]`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
