/** What each node of a graph leads to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Returns the groups of nodes that reach each other, each sorted by name; none when the graph has no cycle. */
export function cyclesOf(graph: Graph): readonly (readonly string[])[] {
  const groups: (readonly string[])[] = [];
  const order = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();

  /** Tarjan's algorithm: returns the lowest number that is reached from a node. */
  const visit = (node: string): number => {
    const own = order.size;
    order.set(node, own);
    open.push(node);
    isOpen.add(node);
    let lowest = own;
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) lowest = Math.min(lowest, visit(next));
      else if (isOpen.has(next)) lowest = Math.min(lowest, order.get(next) ?? own);
    }
    if (lowest === own) close(node);
    return lowest;
  };

  const close = (node: string): void => {
    const group = open.splice(open.indexOf(node));
    for (const member of group) isOpen.delete(member);
    if (group.length > 1 || graph.get(node)?.has(node)) groups.push(group.toSorted());
  };

  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return groups;
}
