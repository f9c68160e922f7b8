import { ALGORITHMS } from "#lib/limit/algorithms/all";
import { defaultFor } from "../../support/algorithm-tables.ts";
import { referenceOf } from "../../support/references.ts";
import { type Page, pageOf, table } from "./page.ts";
import { type Declared, type Property, readTypes } from "./types.ts";

const DEFINE = new Map([
  ...readTypes("lib/policy/define.ts"),
  ...readTypes("lib/policy/rule-input.ts"),
]);
const TYPES = readTypes("lib/policy/types.ts");
const OTHERS = readTypes("lib/core/on-store-failure.ts");

export const POLICY: Page = {
  path: "docs/reference/policy.md",
  build: () =>
    pageOf(
      "# The policy",
      "Every property of `config/rate-limits.ts`, from the types of `definePolicy`. [Write a rule](../guides/write-a-rule.md) shows how to write one. `npx headgate check` checks the file, and [policy errors](policy-errors.md) explains each problem.",
      "A request is checked against every rule whose `match` and `methods` fit, except those that a matching rule `replaces`. It is allowed when every limit of these rules has capacity; otherwise nothing is consumed. Paths of `exempt` have no rule, and clients of `allow` and `block` are decided before all rules.",
      "## Properties of the policy",
      ...propertiesOf("PolicyInput").flatMap((property) => section(property, "policy.")),
      "## Properties of a rule",
      ...["RuleProperties", "WithLimits", "WithTiers"]
        .flatMap((name) => propertiesOf(name))
        .filter(({ type }) => type !== "never")
        .toSorted((a, b) => rankOf(a) - rankOf(b))
        .flatMap((property) => section(property, "")),
      "## A limit",
      docOf("LimitInput"),
      table(
        ["part", "form"],
        [
          [
            "the limit",
            "a whole number of units from 1; with `sliding-log` at most 10,000; the limit multiplied by the window in milliseconds is at most 2^53",
          ],
          [
            "the window",
            "1 second to 31 days: `ms`, `s`, `m`, `h`, `d`, `w`, or the words `second` to `week`, with or without a number",
          ],
        ],
      ),
      "## A subject",
      "A subject says who is counted. Each value is one client.",
      table(
        ["subject", "counts"],
        [
          ["`ip`", "the client's address; an IPv6 address by its network, by default a /64"],
          [
            "an identity, such as `user`",
            "each value of the identity; a client without a value is counted by its address",
          ],
          ["`a|b`", "the first of these that has a value, such as `user|ip`"],
          ["`a+b`", "each combination of values, such as `ip+user`"],
          [
            "`global`",
            "all clients together. No response shows the state of such a limit, unless the gate has `showGlobalLimits`",
          ],
        ],
      ),
      "## Algorithms",
      "[Algorithms](../concepts/algorithms.md) compares them, and explains how to choose. L is the limit.",
      table(
        ["algorithm", "default for", "keeps", "most that any window admits"],
        ALGORITHMS.map(({ name }) => {
          const { keeps, mostInAWindow } = referenceOf(name).words;
          return [`\`${name}\``, defaultFor(name), keeps, mostInAWindow];
        }),
      ),
    ),
};

/** Needed properties first, in the order in which a rule is usually written. */
const ORDER = ["match", "methods", "limits", "tiers"];

function rankOf({ name }: Property): number {
  const place = ORDER.indexOf(name);
  return place === -1 ? ORDER.length : place;
}

function propertiesOf(name: string): readonly Property[] {
  return declared(name).properties;
}

function docOf(name: string): string {
  return declared(name).doc.text;
}

function declared(name: string): Declared {
  const found = DEFINE.get(name);
  if (!found) throw new Error(`lib/policy declares no type ${name}.`);
  return found;
}

function section(property: Property, prefix: string): readonly string[] {
  const { name, isOptional, type, doc, properties } = property;
  if (doc.text === "") throw new Error(`The property ${prefix}${name} has no docstring.`);
  const parts = [`### ${prefix}${name}`, doc.text];
  if (properties.length > 0) {
    parts.push(
      table(
        ["property", "type", "default", "about"],
        properties.map((one) => [
          `\`${name}.${one.name}\``,
          `\`${spelled(one.type)}\``,
          one.doc.standard ?? "none",
          one.doc.text,
        ]),
      ),
    );
    return parts;
  }
  const standard = doc.standard ?? (isOptional ? "none" : "none: the property is needed");
  parts.push(`- Type: \`${spelled(type)}\`\n- Default: ${standard}`);
  if (doc.example !== undefined) parts.push(`\`\`\`ts\n${doc.example}\n\`\`\``);
  return parts;
}

/** Returns a type with the names of small unions spelled out, and without parameters. */
function spelled(type: string): string {
  const plain = type
    .replaceAll(/NoInfer<(\w+)>/g, "$1")
    .replaceAll(/(\w+Input|Identities)<[^>]*>/g, "$1")
    .replaceAll(/\bRule\b/g, "string");
  return plain.replaceAll(/\b([A-Z]\w+)\b(\[\])?/g, (_, name: string, list = "") => {
    const members = membersOf(name);
    if (members.length === 0) return name + list;
    return list === "" ? members.join(" | ") : `(${members.join(" | ")})[]`;
  });
}

/** Returns the values of a union of texts; an empty list for any other type. */
function membersOf(name: string): readonly string[] {
  if (name === "Algorithm") return ALGORITHMS.map((one) => `"${one.name}"`);
  const members = (TYPES.get(name) ?? OTHERS.get(name))?.members ?? [];
  const isSmall = members.every((one) => /^["`]/.test(one.type));
  return isSmall ? members.map((one) => one.type.replaceAll("`", "'")) : [];
}
