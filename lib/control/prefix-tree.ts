import { type Ip, widthOf } from "#lib/core/ip";

/** The root nodes of IPv4 and of IPv6. */
const ROOTS = [0, 1] as const;

/**
 * Finds the networks that contain an address. It is a binary tree with one level for each bit, so a lookup
 * takes at most as many steps as the longest network has bits, for any number of networks.
 *
 * @example
 * const tree = new PrefixTree<string>();
 * tree.add([10, 0, 0, 0], 8, "office");
 * tree.covering([10, 1, 2, 3]); // ["office"]
 */
export class PrefixTree<Value> {
  /**
   * Two items for each node: the next node for a bit of 0, and for a bit of 1. 0 means no node, because a
   * root is never a next node.
   */
  readonly #next: number[] = [0, 0, 0, 0];
  readonly #values: (Value[] | undefined)[] = [undefined, undefined];

  /** Adds a value for the network of the first `bits` bits of an address. */
  add(first: Ip, bits: number, value: Value): void {
    let node = rootOf(first);
    for (let i = 0; i < bits; i += 1) {
      const at = 2 * node + bitOf(first, i);
      if (!this.#next[at]) {
        this.#next[at] = this.#values.length;
        this.#next.push(0, 0);
        this.#values.push(undefined);
      }
      node = this.#next[at];
    }
    (this.#values[node] ??= []).push(value);
  }

  /** Returns the values of every network that holds an address, the widest network first. */
  covering(address: Ip): readonly Value[] {
    const found: Value[] = [];
    const bits = address.length * widthOf(address);
    let node = rootOf(address);
    for (let i = 0; ; i += 1) {
      const values = this.#values[node];
      if (values) found.push(...values);
      const next = i < bits ? this.#next[2 * node + bitOf(address, i)] : 0;
      if (!next) return found;
      node = next;
    }
  }
}

function rootOf(address: Ip): number {
  return address.length === 4 ? ROOTS[0] : ROOTS[1];
}

/** Returns bit `i` of an address, from the left. */
function bitOf(address: Ip, i: number): number {
  const width = widthOf(address);
  return ((address[Math.floor(i / width)] as number) >> (width - 1 - (i % width))) & 1;
}
