import * as z from "zod";
import type { Tools } from "./headgate.ts";

/** The tools that keep a record: the store, and the names of its keys. */
export type RecordTools = Pick<Tools, "redis" | "keys" | "keyedHash">;

/** Any of a record's fields. */
export type Fields<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/** Records of one kind. Each record is a hash in Redis with a TTL. */
export interface Records<T> {
  /** Returns the stored fields; undefined when there is no record. */
  read(id: string): Promise<Fields<T> | undefined>;
  /** Sets the given fields and keeps the others, so that one tab does not undo the change of another. */
  merge(id: string, fields: Fields<T>): Promise<void>;
  /** Sets the given fields and removes the others. */
  replace(id: string, fields: Fields<T>): Promise<void>;
  /**
   * Reads and removes a record in one step, so that a field that another request adds is either
   * returned or kept.
   */
  take(id: string): Promise<Fields<T> | undefined>;
  /** Removes a record. Returns true when there was one. */
  remove(id: string): Promise<boolean>;
}

/**
 * Makes records of one kind. Each field is stored as JSON. A field that another release of the app
 * wrote and this release cannot read is left out.
 *
 * @param ttlSeconds how long a record is kept after it was last changed
 */
export function createRecords<Shape extends z.ZodRawShape>(
  { redis, keys, keyedHash }: RecordTools,
  kind: string,
  schema: z.ZodObject<Shape>,
  ttlSeconds: number,
): Records<z.infer<z.ZodObject<Shape>>> {
  const keyOf = (id: string) => keys.app(kind, keyedHash(kind, id));

  return {
    read: async (id) => decoded(schema, await redis.hgetall(keyOf(id))),
    async take(id) {
      const key = keyOf(id);
      const [stored] = await redis.multi().hgetall(key).del(key).exec<[unknown, number]>();
      return decoded(schema, stored);
    },
    async merge(id, fields) {
      const key = keyOf(id);
      await redis.multi().hset(key, encoded(fields)).expire(key, ttlSeconds).exec();
    },
    async replace(id, fields) {
      const key = keyOf(id);
      await redis.multi().del(key).hset(key, encoded(fields)).expire(key, ttlSeconds).exec();
    },
    remove: async (id) => (await redis.del(keyOf(id))) > 0,
  };
}

const stored = z.nullable(z.record(z.string(), z.unknown()));

/** Returns the fields of a hash; the client has parsed the JSON of each. */
function decoded<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  hash: unknown,
): Fields<z.infer<z.ZodObject<Shape>>> | undefined {
  const found = stored.parse(hash);
  if (found === null) return undefined;
  const readable = Object.entries(schema.shape).flatMap(([name, field]) => {
    const value = z.safeParse(field, found[name]);
    return value.success && value.data !== undefined ? [[name, value.data] as const] : [];
  });
  return Object.fromEntries(readable) as Fields<z.infer<z.ZodObject<Shape>>>;
}

function encoded(fields: object): Record<string, string> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, JSON.stringify(value)]));
}
