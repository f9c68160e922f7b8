import { ERROR_GROUPS } from "#lib/cli/reference/errors";
import { FINDING_WORDS } from "#lib/cli/reference/findings";
import { PROBLEM_WORDS } from "#lib/cli/reference/problems";
import { FINDING_CODES } from "#lib/audit/findings";
import { PROBLEM_CODES } from "#lib/policy/codes";
import { SENTENCES } from "#lib/policy/sentences";
import { type Page, pageOf } from "./page.ts";

export const ERRORS: Page = {
  path: "docs/reference/errors.md",
  build: () =>
    pageOf(
      "# Errors",
      "Every error of Headgate is a `HeadgateError` with a `code`. A code never changes its meaning; messages may change between versions. `isHeadgateError(error)` of `headgate` recognizes one, also from another copy of the package. Programs print an error as `CODE: message` and end with status 1, or with 2 for wrong arguments. Problems of a policy have their own codes ([policy errors](policy-errors.md)), and so have the findings of an audit ([audit findings](audit-findings.md)).",
      "A failing store throws no error into a request: each rule's `onStoreFailure` decides what happens ([when the store fails](../concepts/store-failure.md)). The error is in the decision, in the events and in the log.",
      ...Object.entries(ERROR_GROUPS).flatMap(([title, group]) => [
        `## ${title}`,
        ...Object.entries(group).map(
          ([code, { when, todo }]) => `### ${code}\n\n${when}\n\n**What to do:** ${todo}`,
        ),
      ]),
    ),
};

export const POLICY_ERRORS: Page = {
  path: "docs/reference/policy-errors.md",
  build: () =>
    pageOf(
      "# Problems of a policy",
      "`npx headgate check` prints each problem of `config/rate-limits.ts` with its code, its line, the given value and what is allowed. The check also runs before each build and each start. A code never changes its meaning. [The policy](policy.md) has every property.",
      ...PROBLEM_CODES.map((code) => {
        const { why, example, todo } = PROBLEM_WORDS[code];
        const { [code]: allowed } = SENTENCES;
        const isFixed = typeof allowed === "string";
        return [
          `## ${code}`,
          why,
          `For example ${example}.`,
          ...(isFixed ? [`**Allowed:** ${allowed}.`] : []),
          `**What to do:** ${todo}`,
        ].join("\n\n");
      }),
    ),
};

export const AUDIT_FINDINGS: Page = {
  path: "docs/reference/audit-findings.md",
  build: () =>
    pageOf(
      "# Findings of an audit",
      "`npx headgate audit` compares the routes and rewrites of a build with the policy, and prints each finding with its code. A failure ends the command with status 1, a warning does not. [Audit a build](../guides/audit.md) explains how to run it and what it reads.",
      ...FINDING_CODES.map((code) => {
        const { level, why, todo } = FINDING_WORDS[code];
        return `## ${code}\n\n**A ${level}.** ${why}\n\n**What to do:** ${todo}`;
      }),
    ),
};
