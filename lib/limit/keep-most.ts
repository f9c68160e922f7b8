/**
 * Keeps a value as the one that was used last. Where the map then has more than `most` entries, the one
 * that was not used for longest goes.
 */
export function keepMost<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const [oldest] of map) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
