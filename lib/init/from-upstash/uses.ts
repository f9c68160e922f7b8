import { type Node, nodeOf, nodesOf } from "#lib/source/parse";
import { functionOf, isFunction, keyOf, type Project } from "./project.ts";
import { type Limiter, limitersOf } from "./limiters.ts";
import { part, type Place } from "./place.ts";
import { finals } from "./values.ts";

const METHODS = [
  "limit",
  "blockUntilReady",
  "getRemaining",
  "resetUsedTokens",
  "setDynamicLimit",
  "getDynamicLimit",
] as const;

export type LimiterMethod = (typeof METHODS)[number];

/** A call of a limiter's method that is reached from one place of the app. */
export interface Use {
  readonly method: LimiterMethod;
  /** The call of the method, with the calls that lead to it. */
  readonly call: Place;
  /**
   * The outermost of those calls, where the app decides to limit. It is the call itself when no other call
   * leads to it.
   */
  readonly from: Place;
  readonly limiters: readonly Limiter[];
  readonly identifier: Place | undefined;
  /** The options of `limit(identifier, options)`. */
  readonly options: Place | undefined;
}

/** The most nested calls that are followed. */
const DEEPEST = 3;

/** Returns every call of a limiter of the app, once for each place from which it is reached. */
export function usesOf(project: Project): readonly Use[] {
  const callers = callersIn(project);
  return project.modules.flatMap((module) =>
    module.nodes.flatMap((node) => {
      const callee = node.type === "CallExpression" ? nodeOf(node["callee"]) : undefined;
      const key = callee?.type === "MemberExpression" ? keyOf(callee) : undefined;
      const method = METHODS.find((one) => one === key);
      if (!callee || method === undefined) return [];
      const chains = chainsOf(callers, { module, node, calls: new Map() });
      const uses = chains.map((chain) => useOf(project, method, chain));
      return uses.filter(({ limiters }) => limiters.length > 0);
    }),
  );
}

function useOf(project: Project, method: LimiterMethod, chain: readonly Place[]): Use {
  project.ask();
  const call = reached(chain);
  const object = part(call, nodeOf(call.node["callee"])?.["object"]);
  const [first, second] = nodesOf(call.node["arguments"]);
  return {
    method,
    call,
    from: chain.at(-1) ?? call,
    limiters: object ? limitersOf(project, object) : [],
    identifier: first && { ...call, node: first },
    options: second && { ...call, node: second },
  };
}

type Callers = ReadonlyMap<Node, readonly Place[]>;

/** Returns the calls of each of the app's functions, by function. */
function callersIn(project: Project): Callers {
  const found = new Map<Node, Place[]>();
  for (const file of project.modules) {
    for (const node of file.nodes) {
      const place: Place = { module: file, node, calls: new Map() };
      const callee = node.type === "CallExpression" ? part(place, node["callee"]) : undefined;
      project.ask();
      for (const called of callee ? finals(project, callee) : []) {
        if (!isFunction(called.node)) continue;
        found.set(called.node, [...(found.get(called.node) ?? []), place]);
      }
    }
  }
  return found;
}

/** Returns the chains of calls that lead to a call, each from the inside out. */
function chainsOf(callers: Callers, call: Place, depth = 0): readonly (readonly Place[])[] {
  const own = functionOf(call.module, call.node);
  const around = own && depth < DEEPEST ? (callers.get(own) ?? []) : [];
  if (around.length === 0) return [[call]];
  return around.flatMap((outer) =>
    chainsOf(callers, outer, depth + 1).map((chain) => [call, ...chain]),
  );
}

/** Returns the first call of a chain, with the arguments of each enclosing function. */
function reached([call, ...outer]: readonly Place[]): Place {
  const next = outer.length > 0 ? reached(outer) : undefined;
  const own = call && functionOf(call.module, call.node);
  if (!call) throw new RangeError("A chain of calls must have a call.");
  if (!next || !own) return call;
  return { ...call, calls: new Map([...next.calls, [own, next]]) };
}
