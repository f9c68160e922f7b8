/**
 * The names of all keys in Redis. Every key begins with the environment's namespace, so that a preview
 * never consumes production's quota. The part in braces is Redis Cluster's hash tag.
 */
export interface Keys {
  /** The count of one client for one limit. */
  rateLimit(client: string, limit: string): string;
  /** A lock; `hash` is the hash of its key. */
  lock(hash: string): string;
  /** The result of a lock's holder, for the callers that wait for it; `hash` is the hash of the lock's key. */
  flight(hash: string): string;
  /** The last fencing token that was seen for another key, in the same slot of a cluster. */
  fenceOf(key: string): string;
  /**
   * An event that counts once; `hash` is the hash of its key. The requirements name the prefix. An event that
   * is counted together with keys of a group belongs to that group.
   */
  event(hash: string, group?: string): string;
  /** The app's own data; `hash` is the hash of the client or object that owns them. */
  app(kind: string, hash: string): string;
  /** The same for scripts with several keys: all keys of a group are in one slot of a cluster. */
  grouped(group: string, kind: string, hash: string): string;
  /** The counters of events: all of an environment in one slot of a cluster, for one script. */
  counters(name: string): string;
  /**
   * The entries that are set while the app runs: all of an environment in one slot of a cluster, for one script.
   */
  control(name: string): string;
  /** A cached value; `hash` is the hash of its request. */
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
