import { fieldsOf } from "./fields.ts";
import { type Page, pageOf } from "./page.ts";
import { readTypes } from "./types.ts";

const TYPES = readTypes("lib/core/decision.ts");

const PARTS = { Decision: "Decision", LimitStatus: "LimitStatus", ShadowOutcome: "ShadowOutcome" };

export const DECISION: Page = {
  path: "docs/reference/decision.md",
  build: () =>
    pageOf(
      "# The decision",
      "The result of a check, as `gate.limits` and `onDenied` have it and as each [`decision` event](events.md#decision) carries it. It is a plain object. To answer a denied request, see [what a denied client gets](../guides/denials.md).",
      ...Object.entries(PARTS).flatMap(([name, title]) => {
        const declared = TYPES.get(name);
        if (!declared) throw new Error(`lib/core/decision.ts declares no type ${name}.`);
        return [`## ${title}`, declared.doc.text, ...fieldsOf(name, TYPES, declared)];
      }),
    ),
};
