import { readOverride, ruleNamed } from "#lib/control/ruled";
import type { Whom } from "#lib/control/types";
import { nameEntryClient } from "#lib/control/entry-client";
import { canonicalAddress, DEFAULT_IPV6_PREFIX } from "#lib/core/canonical-address";
import { type Network, readNetwork } from "#lib/core/networks";
import { hashesOf } from "#lib/gate-hashes";
import type { OpenGate } from "../inspect/open-gate.ts";
import type { Requested } from "./command-options.ts";

/** The client, rule and limit of a change, as the store names them. */
export interface Target {
  readonly kind: Requested["kind"];
  /** Null for every client. */
  readonly client: TargetClient | null;
  /** Null when the change concerns no rule, or all rules. */
  readonly rule: string | null;
  /** Null for every limit of the rule. */
  readonly limit: string | null;
}

/** The client of an entry. */
interface TargetClient {
  /** The name of the client for people. */
  readonly words: string;
  /**
   * The names of the client in the store: a CIDR block, or the client keys of the current and the previous
   * secret.
   */
  readonly names: readonly string[];
  /** True for a CIDR block, false for a single client. */
  readonly isBlock: boolean;
  /** The network of the client's addresses; undefined when no address names the client. */
  readonly network: Network | undefined;
}

type Naming = Pick<OpenGate["gate"], "policy" | "options" | "keyedHash">;

/**
 * Returns the client, rule and limit of a change.
 *
 * @throws {HeadgateError} LIMIT_UNKNOWN_RULE; CONTROL_BAD_ARGUMENT for an invalid client;
 *   CONTROL_NEEDS_SECRET for a client key without HEADGATE_SECRET
 */
export function targetOf(gate: Naming, requested: Requested): Target {
  if (requested.kind === "allow" || requested.kind === "block") {
    const { kind } = requested;
    return { kind, client: clientOf(gate, requested.client, true), rule: null, limit: null };
  }
  const { kind, rule = null } = requested;
  if (rule !== null) ruleNamed(gate.policy, rule);
  if (requested.kind === "mode") return { kind, client: null, rule, limit: null };
  const { limit = null, client, to } = requested;
  if (to !== undefined)
    readOverride(gate.policy, { rule: requested.rule, limit: requested.limit, to });
  return { kind, client: client ? clientOf(gate, client, false) : null, rule, limit };
}

function clientOf(gate: Naming, client: Whom, takesNetworks: boolean): TargetClient {
  const { isSecretSet, ipv6Prefix = DEFAULT_IPV6_PREFIX } = gate.options;
  const [keyedHash, previousHash] = hashesOf(gate);
  const parts = {
    identities: Object.keys(gate.policy.identities),
    keyedHash,
    previousHash,
    ipv6Prefix,
    isSecretSet: isSecretSet !== false,
  };
  const { fields, name, formerName } = nameEntryClient(parts, client, takesNetworks);
  const names = [name, formerName].filter((each) => each !== undefined);
  if ("network" in fields) {
    const network = readNetwork(name);
    return { words: networkWords(name, network), names, isBlock: true, network };
  }
  const about = { names, isBlock: false };
  const key = `client key ${name}`;
  if ("key" in client) return { ...about, words: `the ${key}`, network: undefined };
  if ("identity" in client && client.identity !== "ip") {
    const words = `${client.identity} ${client.value} (${key})`;
    return { ...about, words, network: undefined };
  }
  const given = "ip" in client ? client.ip : client.value;
  const counted = canonicalAddress(given.split("/")[0], ipv6Prefix);
  const isWhole = counted.includes("/") && counted !== given;
  const words = isWhole ? `${given}, which stands for its whole network ${counted}` : given;
  return { ...about, words: `${words} (${key})`, network: readNetwork(counted) };
}

function networkWords(text: string, network: Network | undefined): string {
  if (network?.first.length !== 4) return text;
  return `${text}, which is ${(2 ** (32 - network.bits)).toLocaleString("en")} addresses`;
}
