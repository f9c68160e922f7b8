import type { Decision } from "#lib/core/decision";
import type { Doubt } from "#lib/core/doubt";
import type { GateMode } from "#lib/core/mode";
import { canonicalAddress, UNKNOWN_ADDRESS } from "#lib/identity/canonical-address";
import { createCountedAddress } from "#lib/identity/counted-address";
import {
  clientOf,
  countsAddress,
  type IdentityValues,
  resolveIdentities,
  unresolvedOf,
} from "#lib/identity/identify";
import type { HeadgateOptions } from "./options.ts";
import { createKeyedHash, type KeyedHash, shareOf } from "#lib/identity/keyed-hash";
import { createSessionDoubts } from "#lib/identity/session-doubts";
import { settledLimits } from "#lib/limit/charge";
import { createLimiter, type Limiter } from "#lib/limit/limiter";
import { RedisLimits } from "#lib/limit/stores/redis";
import type { HeadgateEvent } from "#lib/observe/events";
import { compilePolicy } from "#lib/policy/check/compile";
import type { AnyPolicy } from "#lib/policy/define";
import { statedName } from "#lib/policy/prefetch";
import type { Candidates, CompiledLimit, CompiledPolicy, RuleSet } from "#lib/policy/types";
import { keyNames } from "#lib/redis/keys";

/** As long as a call of the store may take by default. */
const IDENTITY_DEADLINE_MS = 500;

/** Takes on work that may go on after the answer: what Next and Workers call waitUntil. */
export type Later = (work: Promise<unknown>) => void;

/** What is settled for one request. */
export interface Asked {
  readonly rules: RuleSet;
  /** The client key of each limit's client, in the order of `settledLimits(rules)`. */
  readonly clients: readonly string[];
  /** False where the address is needed and cannot be told: all such are counted as one client. */
  readonly addressKnown: boolean;
}

/** The rooms joined for one policy: made once, at start. */
export interface Parts {
  readonly policy: CompiledPolicy;
  readonly limiter: Limiter;
  readonly keyedHash: KeyedHash;
  /** Who makes a request, and the limits that are theirs. */
  askerOf(candidates: Candidates, request: Request, later: Later): Promise<Asked>;
  /** The same from values that a handler knows; those of `request`, if given, stand behind them. */
  askerFrom(
    candidates: Candidates,
    given: IdentityValues,
    request: Request | undefined,
    later: Later,
  ): Promise<Asked>;
  /** Tells the listener, after the answer. Never rejects. */
  report(event: HeadgateEvent): Promise<void>;
  /**
   * What follows a decision, after the answer: the listener hears of it, what was admitted unasked is
   * reported to the store, and what was counted in this process is added there, once it is back.
   * Undefined where nobody listens and nothing is left to do; never rejects.
   */
  follow(asked: Asked, decision: Decision, about: About): Promise<unknown> | undefined;
}

/** What is told of a decision beside itself. */
export interface About {
  /** Milliseconds from asking to deciding. */
  readonly tookMs: number;
  /** What became of the decision, where that is not the gate's own mode. */
  readonly mode?: GateMode | undefined;
  /** Names the request in logs; undefined for a call from code. */
  readonly requestId?: string | undefined;
}

/**
 * Joins the rooms.
 *
 * @throws {PolicyError} with every problem of the policy
 * @throws {HeadgateError} REWRITES_INVALID
 */
export function assemble(policy: AnyPolicy, options: HeadgateOptions): Parts {
  const compiled = compilePolicy(policy, options);
  const keyedHash = createKeyedHash(options.secret);
  const report = async (event: HeadgateEvent): Promise<void> => {
    await afterTheAnswer();
    await tell(event);
  };
  const tell = async (event: HeadgateEvent): Promise<void> => {
    try {
      await options.onEvent?.(event);
    } catch {
      // A listener's failure is its own: no request and no process is lost to it.
    }
  };

  const resolve = (candidates: Candidates, request: Request, later: Later) =>
    resolveIdentities(candidates.identities, compiled.identities, request, {
      deadlineMs: options.identityDeadlineMs ?? IDENTITY_DEADLINE_MS,
      onError: (name, error) => later(report({ kind: "failure", during: "identity", name, error })),
    });

  const sessionDoubts = createSessionDoubts();
  const ask = (
    candidates: Candidates,
    values: IdentityValues,
    request: Request | undefined,
    later: Later,
    address: string,
  ): Asked => {
    const clientFor = ({ subject }: CompiledLimit) => clientOf(subject, values, address, keyedHash);
    const rules = candidates.applyTo({
      identity: (name) => values.get(name),
      isEnforced: (rule, limits) => {
        // Everybody together is no client: who asks is told apart by address.
        const counted = limits.find(({ subject }) => subject.kind !== "global");
        const client = counted ? clientFor(counted) : keyedHash("ip", address);
        return shareOf(keyedHash("share", `${statedName(rule)} ${client}`)) < rule.enforced;
      },
    });
    const limits = settledLimits(rules);
    const doubt = request && sessionDoubts(unresolvedOf(limits, values), request.headers);
    if (doubt) tellTo(later)(doubt);
    const addressKnown =
      address !== UNKNOWN_ADDRESS || !limits.some(({ subject }) => countsAddress(subject, values));
    return { rules, clients: limits.map(clientFor), addressKnown };
  };

  const store =
    options.limitStore ?? new RedisLimits(options.redis, { isCluster: options.cluster ?? false });
  const limiter = createLimiter(store, keyNames(options.namespace));
  const reportLost = (error: unknown) => tell({ kind: "failure", during: "report", error });
  const { mode = "enforce" } = options;
  const countedAddress = createCountedAddress(options);
  const tellTo = (later: Later) => (doubt: Doubt) => later(report({ kind: "address", ...doubt }));
  const addressOf = ({ headers }: Request, later: Later) => countedAddress(headers, tellTo(later));

  return {
    policy: compiled,
    limiter,
    keyedHash,
    report,
    follow({ rules, addressKnown }, decision, { tookMs, requestId, mode: itsMode = mode }) {
      const work = limiter.after(decision);
      if (!work && !options.onEvent) return undefined;
      const { onStoreFailure } = rules;
      const names = [
        ...rules.rules.map(({ name }) => name),
        ...rules.shadows.map(({ rule }) => rule),
      ];
      const said = {
        rules: names,
        decision,
        onStoreFailure,
        addressKnown,
        mode: itsMode,
        requestId,
        tookMs,
      };
      const told = report({ kind: "decision", ...said });
      return work ? Promise.all([told, afterTheAnswer().then(work).catch(reportLost)]) : told;
    },
    async askerOf(candidates, request, later) {
      const values = await resolve(candidates, request, later);
      return ask(candidates, values, request, later, addressOf(request, later));
    },
    async askerFrom(candidates, given, request, later) {
      const resolved = request ? await resolve(candidates, request, later) : [];
      // An empty value says no more than a missing one, and must not hide what the request proves.
      const known = new Map([...given].filter(([, value]) => value !== undefined && value !== ""));
      const ip = known.get("ip");
      const address =
        ip === undefined && request
          ? addressOf(request, later)
          : canonicalAddress(ip, options.ipv6Prefix);
      return ask(candidates, new Map([...resolved, ...known]), request, later, address);
    },
  };
}

/** A turn of the event loop later the answer is out. */
function afterTheAnswer(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
