import * as z from "zod";
import type { Tools } from "./headgate.ts";

/** What a record is kept with: the store, and the names of its keys. */
export type RecordTools = Pick<Tools, "redis" | "keys" | "keyedHash">;

/** Any of a record's fields. */
export type Fields<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/** Records of one kind, each a hash in Redis that ends by itself. */
export interface Records<T> {
  /** The fields that are there; undefined where there is no record. */
  read(id: string): Promise<Fields<T> | undefined>;
  /** Sets the fields that are given and leaves the others, so that no tab undoes another's. */
  merge(id: string, fields: Fields<T>): Promise<void>;
  /** Sets the fields that are given, and leaves no other. */
  replace(id: string, fields: Fields<T>): Promise<void>;
  /** Reads and removes in one step, so that what another adds is either read or stays. */
  take(id: string): Promise<Fields<T> | undefined>;
  /** Answers whether there was one. */
  remove(id: string): Promise<boolean>;
}

/**
 * Makes records of one kind. Each field is JSON of its own; one that another release of the app
 * wrote and this one cannot read is left out.
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

/** What a hash holds; the client has read each field's JSON. */
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
