import { relative } from "node:path";
import { formatDuration } from "#lib/core/duration";
import { compilePolicy } from "#lib/policy/check/compile";
import type { CompiledLimit, CompiledRule } from "#lib/policy/types";
import { PREFETCH_UNSEEN, seesPrefetches } from "#lib/audit/prefetch-seen";
import { adviceFor } from "../advice.ts";
import { checkPolicyFile, importPolicy, renderCheck } from "../check.ts";
import { ownPolicy, POLICY } from "../policy-file.ts";
import { mapTexts } from "./redact.ts";

/** The summary of a rule. */
export interface RuleInfo {
  readonly name: string;
  readonly match: readonly string[];
  /** The methods; null for every method. */
  readonly methods: readonly string[] | null;
  /** The limits, such as "ip: 5 per minute, sliding-log". A limit of a tier begins with the tier's name. */
  readonly limits: readonly string[];
  readonly onStoreFailure: string;
  /** "enforce", "shadow", or a percentage of clients. */
  readonly mode: string;
  readonly admit: string;
}

/** The summary of the policy, or why the app has no policy that can be read. */
export interface PolicyInfo {
  readonly status: "ok" | "missing" | "invalid" | "unreadable";
  /** The path from the app's folder. */
  readonly file: string;
  /** What is wrong with it, as `headgate check` prints it; null when it is valid. */
  readonly problem: string | null;
  readonly rules: readonly RuleInfo[];
  /** The patterns of exempt paths. */
  readonly exempt: readonly string[];
  /** The names of the identities. */
  readonly identities: readonly string[];
  /** The advice of `headgate check`. */
  readonly advice: readonly string[];
}

const EMPTY = { problem: null, rules: [], exempt: [], identities: [], advice: [] } as const;

/** The longest problem text in a report, in characters. */
const LONGEST = 4000;

/**
 * Reads the policy of an app. It never throws. Output of the policy while it is loaded is dropped.
 *
 * @param given the complete path of the file; undefined for the app's own policy
 * @param redact removes secrets from a text
 */
export async function findPolicy(
  root: string,
  given: string | undefined,
  redact: (text: string) => string,
): Promise<PolicyInfo> {
  const path = given ?? ownPolicy(root);
  if (path === undefined) return { ...EMPTY, status: "missing", file: POLICY };
  const file = relative(root, path);
  return quietly(async () => {
    const checked = await checkPolicyFile(path);
    if (!checked.ok) {
      const status = checked.unreadable === undefined ? "invalid" : "unreadable";
      // Redacted before truncation: half a secret would not be recognized.
      const problem = redact(renderCheck(checked).replaceAll(root, ".")).slice(0, LONGEST);
      return { ...EMPTY, status, file, problem };
    }
    const found = mapTexts(await described(root, path), redact);
    return { ...EMPTY, status: "ok", file, ...found };
  });
}

async function described(root: string, path: string) {
  const policy = await importPolicy(path);
  const { rules, exempt, identities, tellsPrefetches } = compilePolicy(policy);
  const written = [...rules.values()].filter((rule) => rule.isForPrefetches !== true);
  const isUnseen = tellsPrefetches && !(await seesPrefetches(root).catch(() => false));
  return {
    rules: written.map(ruleInfo),
    exempt: exempt.map(({ pattern }) => pattern),
    identities: Object.keys(identities),
    advice: [...(isUnseen ? [PREFETCH_UNSEEN] : []), ...advised(() => adviceFor(policy, root))],
  };
}

/** Returns the advice, or none when package.json cannot be read. */
function advised(advice: () => readonly string[]): readonly string[] {
  try {
    return advice();
  } catch {
    return [];
  }
}

function ruleInfo(rule: CompiledRule): RuleInfo {
  const { name, match, methods, limits, tiers, enforced, onStoreFailure, admit } = rule;
  const inTiers = [...(tiers?.limits ?? [])].flatMap(([tier, those]) =>
    those.map((limit) => `${tier}: ${limitText(limit)}`),
  );
  return {
    name,
    match,
    methods: methods === undefined ? null : [...methods],
    limits: [...limits.map(limitText), ...inTiers],
    onStoreFailure,
    mode: enforced === 100 ? "enforce" : enforced === 0 ? "shadow" : `${enforced}%`,
    admit,
  };
}

function limitText({ subject, limit, windowMs, algorithm, cost }: CompiledLimit): string {
  const costs = cost === 1 ? "" : `, cost ${cost}`;
  return `${subject.expression}: ${limit} per ${formatDuration(windowMs)}, ${algorithm}${costs}`;
}

/** Runs work without any output, because a policy is code of the app and may print secrets. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const streams = [process.stdout, process.stderr].map((stream) => ({
    stream,
    own: Object.getOwnPropertyDescriptor(stream, "write"),
  }));
  for (const { stream } of streams) {
    Object.defineProperty(stream, "write", { value: () => true, configurable: true });
  }
  try {
    return await work();
  } finally {
    for (const { stream, own } of streams) {
      if (own) Object.defineProperty(stream, "write", own);
      else Reflect.deleteProperty(stream, "write");
    }
  }
}
