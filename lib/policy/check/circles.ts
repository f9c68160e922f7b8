/** Which rules each rule replaces, by name. */
export type Replacements = ReadonlyMap<string, readonly string[]>;

/**
 * Finds rules that replace each other, directly or through others: if all of them matched, none would apply.
 * Returns each circle once, by the first of its rules in the policy's order.
 */
export function findCircles(replaces: Replacements): readonly string[] {
  const reach = new Map([...replaces.keys()].map((name) => [name, reachable(name, replaces)]));
  const inCircle = [...replaces.keys()].filter((name) => reach.get(name)?.has(name));
  return inCircle.filter(
    (name, i) => !inCircle.slice(0, i).some((earlier) => together(earlier, name, reach)),
  );
}

function together(a: string, b: string, reach: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  return reach.get(a)?.has(b) === true && reach.get(b)?.has(a) === true;
}

/**
 * Returns every rule that a rule replaces, directly or through others. It skips rules that replace themselves,
 * which are a separate problem.
 */
function reachable(start: string, replaces: Replacements): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of replaces.get(name) ?? []) {
      if (next === name || found.has(next)) continue;
      found.add(next);
      open.push(next);
    }
  }
  return found;
}
