import type { Reply, Store } from "#lib/gateway/store/store";
import { type Algorithm, ALGORITHMS } from "#lib/limit/algorithms/all";
import { formNameOf } from "#lib/limit/charge";
import { limitLua, ownLua, refundLua, restoreLua } from "#lib/limit/stores/lua";
import type { ModelLimit } from "./model.ts";

/** The production text with another clock: the last argument is the time. */
export const CLOCK_FROM_ARGV = "local now = tonumber(ARGV[#ARGV])\n";
const LIMIT = limitLua(CLOCK_FROM_ARGV);
const OWN_SCRIPTS = new Map(
  ALGORITHMS.map(({ name, lua }) => [name as string, ownLua(CLOCK_FROM_ARGV, lua)]),
);
const REFUND = refundLua(CLOCK_FROM_ARGV);
const RESTORE = restoreLua(CLOCK_FROM_ARGV);

/** A limit and its group, by default the enforced one. */
export type ScriptLimit = ModelLimit & { readonly group?: number };

export interface ScriptAnswer {
  readonly passed: boolean;
  readonly limits: readonly { remaining: number; wait: number; reset: number }[];
}

/** Runs the scripts of the limits on a store at any time. */
export function limitScript(store: Store) {
  const call = async (lua: string, keys: readonly string[], args: readonly unknown[]) => {
    const answer = await store.call([
      "EVAL",
      lua,
      String(keys.length),
      ...keys,
      ...args.map(String),
    ]);
    if (typeof answer === "number" || Array.isArray(answer)) return answer as number | number[];
    throw new Error(`the script answered ${JSON.stringify(answer)}`);
  };
  const limitScript = (
    mode: "take" | "peek" | "report",
    keys: readonly string[],
    rules: readonly ScriptLimit[],
    now: number,
  ) => call(LIMIT, keys, [mode, ...argsOf(rules), now]);
  const ownScript = (
    mode: "take" | "peek" | "report",
    keys: readonly string[],
    rules: readonly ScriptLimit[],
    now: number,
  ) => {
    const args = rules.flatMap(({ limit, windowMs, cost }) => [limit, windowMs, cost]);
    return call(ownScriptOf(rules) ?? "", keys, [mode, ...args, now]);
  };
  return {
    limitScript,
    /** The script of the common algorithm of all limits. */
    ownScript,
    /** Consumes or peeks at a time in milliseconds. */
    async run(
      mode: "take" | "peek" | "report",
      keys: readonly string[],
      rules: readonly ScriptLimit[],
      now: number,
    ): Promise<ScriptAnswer> {
      const short = ownScriptOf(rules) !== undefined && (await ownScript(mode, keys, rules, now));
      const answer = short || (await limitScript(mode, keys, rules, now));
      const [at, passed, ...rest] = Array.isArray(answer) ? answer : [];
      if (at !== now) throw new Error(`asked at ${now}, and answered for ${at}`);
      const limits = rules.map((_, i) => {
        const [remaining = NaN, wait = NaN, reset = NaN] = rest.slice(3 * i);
        return { remaining, wait, reset };
      });
      return { passed: passed === 1, limits };
    },
    /** Refunds the units of a time, and returns them. */
    async refund(
      keys: readonly string[],
      rules: readonly ScriptLimit[],
      taken: number,
      now: number,
    ): Promise<number> {
      return Number(await call(REFUND, keys, [taken, ...argsOf(rules), now]));
    },
    /** Adds units that were counted elsewhere to a key: their times (ms) and numbers. */
    async restore(
      key: string,
      rule: ScriptLimit,
      taken: readonly { readonly at: number; readonly units: number }[],
      now: number,
    ): Promise<void> {
      const pairs = taken.flatMap(({ at, units }) => [now - at, units]);
      await call(RESTORE, [key], ["restore", ...argsOf([{ ...rule, cost: 0 }]), ...pairs, now]);
    },
    /** Returns a description of a key's value. */
    contentOf: async (key: string): Promise<string> => {
      const type = inWords(await store.call(["TYPE", key]));
      if (type === "none") return type;
      if (type === "list") return "a list";
      const isLog = type === "zset";
      const reply = await store.call(
        isLog ? ["ZRANGE", key, "0", "-1", "WITHSCORES"] : ["GET", key],
      );
      return inWords(reply);
    },
  };
}

function ownScriptOf(rules: readonly ScriptLimit[]): string | undefined {
  const own: Algorithm | undefined = rules[0]?.algorithm;
  const isOwn = (rule: ScriptLimit) => formNameOf(rule) === own && (rule.group ?? 0) === 0;
  return own && rules.every(isOwn) ? OWN_SCRIPTS.get(own) : undefined;
}

function inWords(reply: Reply): string {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return Array.isArray(reply) ? reply.map(inWords).join(" ") : JSON.stringify(reply);
}

function argsOf(rules: readonly ScriptLimit[]): (string | number)[] {
  return [
    ...rules.flatMap(({ limit, windowMs, cost }) => [limit, windowMs, cost]),
    ...rules.flatMap((rule) => [formNameOf(rule), rule.group ?? 0]),
  ];
}
