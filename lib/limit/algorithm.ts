import type { Ratelimit } from "@upstash/ratelimit";
import type { LimitStatus } from "#lib/core/decision";
import type { CompiledLimit } from "#lib/policy/types";
import type { Redis } from "#lib/redis/client";
import { StoreError } from "#lib/redis/errors";
import type { Keys } from "#lib/redis/keys";
import { defineScript, runScript, type Script } from "#lib/redis/script";
import { limitLua, REDIS_CLOCK } from "./lua.ts";

/** @upstash/ratelimit does not export the type of its algorithms. */
type UpstashAlgorithm = ConstructorParameters<typeof Ratelimit>[0]["limiter"];
type UpstashResult = Awaited<ReturnType<ReturnType<UpstashAlgorithm>["limit"]>>;

/** What the script settled: all limits of a rule set for their clients. */
export interface Settlement {
  readonly passed: boolean;
  /** Milliseconds since 1970 on Redis's clock. */
  readonly at: number;
  readonly limits: readonly LimitStatus[];
  /** The keys and arguments that were charged, for giving them back. */
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

/** The result as @upstash/ratelimit knows it, and beside it everything that we know. */
export type SettledResult = UpstashResult & { readonly settlement: Settlement };

/** The script of every limit. */
export const LIMIT_SCRIPT = defineScript(limitLua(REDIS_CLOCK));

/** Between the clients in an identifier; no pseudonym holds it. */
export const CLIENT_SEPARATOR = ",";

/**
 * The limits of one rule set as an algorithm of @upstash/ratelimit: one script settles them all, or
 * nothing is taken. The identifier is the pseudonym of each limit's client, joined by commas;
 * `rate`, where given, replaces the rules' own cost. `getRemaining` looks and takes nothing.
 */
export function settleTogether(
  limits: readonly CompiledLimit[],
  keys: Keys,
  script: Script = LIMIT_SCRIPT,
): UpstashAlgorithm {
  const suffixes = limits.map(keySuffix);

  const settle = async (mode: "take" | "peek", redis: Redis, identifier: string, rate?: number) => {
    const clients = identifier.slice(keys.rateLimitPrefix.length + 1).split(CLIENT_SEPARATOR);
    const named = suffixes.map((suffix, i) => keys.rateLimit(clients[i] ?? "", suffix));
    const args = limits.flatMap((limit) => [
      limit.algorithm,
      limit.limit,
      limit.windowMs,
      rate ?? limit.cost,
    ]);
    const answer = await runScript(redis, script, named, [mode, ...args]);
    return readSettlement(answer, limits, named, args);
  };

  return () => ({
    limit: async (ctx, identifier, rate) =>
      summarise(await settle("take", ctx.redis, identifier, rate)),
    getRemaining: async (ctx, identifier) => summarise(await settle("peek", ctx.redis, identifier)),
    resetTokens: async (ctx, identifier) => {
      const clients = identifier.slice(keys.rateLimitPrefix.length + 1).split(CLIENT_SEPARATOR);
      await ctx.redis.del(...suffixes.map((suffix, i) => keys.rateLimit(clients[i] ?? "", suffix)));
    },
  });
}

/**
 * What a limit's key ends with. The limit itself is not in it, so that a raised or lowered limit
 * goes on counting; window and algorithm are, since their state differs.
 */
function keySuffix(limit: CompiledLimit): string {
  return `${limit.rule}:${limit.subject.expression}:${limit.windowMs}:${limit.algorithm}`;
}

function readSettlement(
  answer: unknown,
  limits: readonly CompiledLimit[],
  keys: readonly string[],
  args: readonly (string | number)[],
): Settlement {
  const numbers = Array.isArray(answer) ? answer.map(Number) : [];
  if (numbers.length !== 2 + 3 * limits.length || !numbers.every(Number.isSafeInteger)) {
    throw new StoreError("STORE_BAD_ANSWER", "EVALSHA: the limit script's answer cannot be read.");
  }
  const [at = 0, passed, ...rest] = numbers;
  return {
    passed: passed === 1,
    at,
    limits: limits.map((l, i) => statusOf(l, rest, i)),
    keys,
    args,
  };
}

function statusOf(limit: CompiledLimit, numbers: readonly number[], i: number): LimitStatus {
  const [remaining = 0, wait = 0, resetMs = 0] = numbers.slice(3 * i);
  return {
    rule: limit.rule,
    policyName: limit.policyName,
    limit: limit.limit,
    windowMs: limit.windowMs,
    remaining,
    waitMs: wait < 0 ? undefined : wait,
    resetMs,
  };
}

/** The tightest limit stands for all in the fields that @upstash/ratelimit has. */
function summarise(settlement: Settlement): SettledResult {
  const tightest = tightestOf(settlement.limits);
  return {
    success: settlement.passed,
    limit: tightest?.limit ?? 0,
    remaining: tightest?.remaining ?? 0,
    reset: settlement.at + (tightest?.waitMs || tightest?.resetMs || 0),
    pending: Promise.resolve(),
    settlement,
  };
}

function tightestOf(limits: readonly LimitStatus[]): LimitStatus | undefined {
  return limits.reduce<LimitStatus | undefined>(
    (tightest, status) => (tightest && tightest.remaining <= status.remaining ? tightest : status),
    undefined,
  );
}
