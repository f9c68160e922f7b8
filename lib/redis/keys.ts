/**
 * The only maker of key names. Every key begins with the environment's namespace, so that a preview
 * never spends production's quota; the part in braces is Redis Cluster's hash tag.
 */
export interface Keys {
  /** One limit's key of one client. */
  rateLimit(client: string, limit: string): string;
  /** A lock; `hash` stands for what is locked. */
  lock(hash: string): string;
  /** What the holder of a lock found, for those who wait; `hash` stands for the lock. */
  flight(hash: string): string;
  /** The last fence that was seen for another key, in the same place of a cluster. */
  fenceOf(key: string): string;
  /**
   * An event that counts once; `hash` stands for it. The prefix is the seed's. One that is counted
   * with keys of a group is of that group itself.
   */
  event(hash: string, group?: string): string;
  /** Data of the app's own; `hash` stands for whose they are. */
  app(kind: string, hash: string): string;
  /** The same, where one script works on several keys: those of a group are in one place of a cluster. */
  grouped(group: string, kind: string, hash: string): string;
  /** What is counted of events: all of an environment in one place of a cluster, for one script. */
  counters(name: string): string;
  /** What is set while the app runs: all of an environment in one place of a cluster, for one script. */
  control(name: string): string;
  /** A cached value; `hash` stands for what was asked. */
  cache(name: string, hash: string): string;
}

/**
 * Returns the names of keys for one environment.
 *
 * @param namespace such as "production", "preview" or "local"
 * @example
 * keyNames("production").lock("3f"); // "production:lock:3f"
 */
export function keyNames(namespace: string): Keys {
  return {
    rateLimit: (client, limit) => `${namespace}:rate_limit:{${client}}:${limit}`,
    lock: (hash) => `${namespace}:lock:${hash}`,
    flight: (hash) => `${namespace}:flight:{${namespace}:lock:${hash}}`,
    fenceOf: (key) => (/\{[^}]+\}/.test(key) ? `${key}:fence` : `${namespace}:fence:{${key}}`),
    event: (hash, group) =>
      !group ? `${namespace}:analytics:${hash}` : `${namespace}:analytics:{${group}}:${hash}`,
    app: (kind, hash) => `${namespace}:app:${kind}:${hash}`,
    grouped: (group, kind, hash) => `${namespace}:app:{${group}}:${kind}:${hash}`,
    counters: (name) => `${namespace}:{counters}:${name}`,
    control: (name) => `${namespace}:{control}:${name}`,
    cache: (name, hash) => `${namespace}:cache:${name}:${hash}`,
  };
}
