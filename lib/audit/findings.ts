/** The codes of findings. docs/guides/audit.md explains each. A code never changes its meaning. */
export const FINDING_CODES = [
  "NO_MIDDLEWARE",
  "MATCHER_CONDITION",
  "OUTSIDE_MATCHER",
  "NOT_COVERED",
  "REWRITE_UNCOVERED",
  "REWRITE_OUTSIDE_MATCHER",
  "REWRITE_UNKNOWN",
  "REWRITES_UNREADABLE",
  "IMAGE_OPTIMIZER",
  "COUNTS_CACHED",
  "PREFETCH_UNSEEN",
  "PREFETCH_OF_HANDLER",
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

/** A problem, and what to do. */
export interface Finding {
  readonly code: FindingCode;
  /** The subject: a file, or a route or rewrite without a file. */
  readonly subject: string;
  /** The kind of the subject, and its name. */
  readonly what: readonly [kind: "route" | "rewrite" | "matcher" | "variable", name: string];
  readonly given: string;
  readonly allowed: string;
  readonly docs: string;
}

export function finding(
  code: FindingCode,
  what: Finding["what"],
  {
    subject = what[1],
    given,
    allowed,
  }: { subject?: string | undefined; given: string; allowed: string },
): Finding {
  return {
    code,
    subject,
    what,
    given,
    allowed,
    docs: `docs/guides/audit.md#${code.toLowerCase()}`,
  };
}

/** A matcher that covers every path except static files. */
export const WHOLE_MATCHER = String.raw`"/((?!_next/static/|favicon\\.ico$).*)"`;

export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
