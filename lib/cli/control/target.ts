import { readOverride, ruleNamed } from "#lib/control/ruled";
import type { Whom } from "#lib/control/types";
import { nameWhom } from "#lib/control/whom";
import { canonicalAddress, DEFAULT_IPV6_PREFIX } from "#lib/core/canonical-address";
import { type Network, readNetwork } from "#lib/core/networks";
import { hashesOf } from "#lib/gate-hashes";
import type { OpenGate } from "../inspect/open-gate.ts";
import type { Asked } from "./asked.ts";

/** What a change is about, as the store names it. */
export interface Target {
  readonly kind: Asked["kind"];
  /** Null for every client. */
  readonly client: TargetClient | null;
  /** Null where it is about no rule, or about all. */
  readonly rule: string | null;
  /** Null for every limit of the rule. */
  readonly limit: string | null;
}

/** Whose entry it is. */
interface TargetClient {
  /** As a person names the client. */
  readonly words: string;
  /** What the store may name the client by: a CIDR block, or the client keys of the secret and of the one before. */
  readonly names: readonly string[];
  /** Whether it is a CIDR block, and not one client. */
  readonly isBlock: boolean;
  /** The network of its addresses; undefined where the client is named by no address. */
  readonly network: Network | undefined;
}

type Naming = Pick<OpenGate["gate"], "policy" | "options" | "keyedHash">;

/**
 * Returns what a change is about.
 *
 * @throws {HeadgateError} LIMIT_UNKNOWN_RULE; CONTROL_BAD_ARGUMENT for a client that cannot be;
 *   CONTROL_NEEDS_SECRET for a client key without HEADGATE_SECRET
 */
export function targetOf(gate: Naming, asked: Asked): Target {
  if (asked.kind === "allow" || asked.kind === "block") {
    const { kind } = asked;
    return { kind, client: clientOf(gate, asked.whom, true), rule: null, limit: null };
  }
  const { kind, rule = null } = asked;
  if (rule !== null) ruleNamed(gate.policy, rule);
  if (asked.kind === "mode") return { kind, client: null, rule, limit: null };
  const { limit = null, whom, to } = asked;
  if (to !== undefined) readOverride(gate.policy, { rule: asked.rule, limit: asked.limit, to });
  return { kind, client: whom ? clientOf(gate, whom, false) : null, rule, limit };
}

function clientOf(gate: Naming, whom: Whom, takesNetworks: boolean): TargetClient {
  const { isSecretSet, ipv6Prefix = DEFAULT_IPV6_PREFIX } = gate.options;
  const [keyedHash, previousHash] = hashesOf(gate);
  const parts = {
    identities: Object.keys(gate.policy.identities),
    keyedHash,
    previousHash,
    ipv6Prefix,
    isSecretSet: isSecretSet !== false,
  };
  const { fields, name, formerName } = nameWhom(parts, whom, takesNetworks);
  const names = [name, formerName].filter((each) => each !== undefined);
  if ("network" in fields) {
    const network = readNetwork(name);
    return { words: networkWords(name, network), names, isBlock: true, network };
  }
  const about = { names, isBlock: false };
  const key = `client key ${name}`;
  if ("key" in whom) return { ...about, words: `the ${key}`, network: undefined };
  if ("identity" in whom && whom.identity !== "ip") {
    const words = `${whom.identity} ${whom.value} (${key})`;
    return { ...about, words, network: undefined };
  }
  const given = "ip" in whom ? whom.ip : whom.value;
  const counted = canonicalAddress(given.split("/")[0], ipv6Prefix);
  const isWhole = counted.includes("/") && counted !== given;
  const words = isWhole ? `${given}, which stands for its whole network ${counted}` : given;
  return { ...about, words: `${words} (${key})`, network: readNetwork(counted) };
}

function networkWords(text: string, network: Network | undefined): string {
  if (network?.first.length !== 4) return text;
  return `${text}, which is ${(2 ** (32 - network.bits)).toLocaleString("en")} addresses`;
}
