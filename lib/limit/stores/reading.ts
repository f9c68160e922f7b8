import type { LimitStatus } from "#lib/core/decision";
import { monotonic } from "#lib/core/clock";
import { withinDeadline } from "#lib/redis/deadline";
import { StoreError } from "#lib/redis/errors";
import { defineScript, runScripts, type Script } from "#lib/redis/script";
import type { ScriptStore } from "#lib/redis/script-store";
import { argsOf, type Charge, statusOf } from "../charge.ts";
import { readLua, REDIS_CLOCK } from "./lua.ts";

/** The state of one limit for one client, with the units that count. */
export interface Read {
  readonly charge: Charge;
  /** Units; they may exceed the limit after it was lowered. */
  readonly used: number;
  readonly status: LimitStatus;
}

const READ_SCRIPT = defineScript(readLua(REDIS_CLOCK));

const FORGET_SCRIPT = defineScript(`
local freed = {}
for i, key in ipairs(KEYS) do freed[i] = redis.call('DEL', key) end
return freed
`);

/**
 * Returns the state of limits in Redis, in the order of the charges, and writes nothing.
 *
 * @throws {StoreError} when the store fails or rejects the script, or its answer cannot be read
 */
export async function readLimits(redis: ScriptStore, charges: readonly Charge[]): Promise<Read[]> {
  const read = await byClient(redis, READ_SCRIPT, charges, (numbers, own) => {
    if (numbers.length !== 1 + 3 * own.length) return undefined;
    return own.map((charge, i): Read => {
      const [used = 0, wait = 0, resetMs = 0] = numbers.slice(1 + 3 * i);
      const remaining = Math.max(0, charge.limit.limit - used);
      return { charge, used, status: statusOf(charge.limit, remaining, wait, resetMs) };
    });
  });
  return charges.flatMap((charge) => read.find((each) => each.charge === charge) ?? []);
}

/**
 * Deletes the keys of limits in Redis, and returns the charges whose keys existed.
 *
 * @throws {StoreError} when the store fails or rejects the script: some of the keys may be deleted then
 */
export function forgetLimits(redis: ScriptStore, charges: readonly Charge[]): Promise<Charge[]> {
  return byClient(redis, FORGET_SCRIPT, charges, (numbers, own) =>
    numbers.length === own.length ? own.filter((_, i) => numbers[i] === 1) : undefined,
  );
}

/**
 * Runs a script for each client, since a Redis Cluster has a client's keys in one slot; all within the deadline.
 */
async function byClient<T>(
  redis: ScriptStore,
  script: Script,
  charges: readonly Charge[],
  read: (numbers: readonly number[], own: readonly Charge[]) => T[] | undefined,
): Promise<T[]> {
  const clients = [...new Set(charges.map(({ client }) => client))];
  if (clients.length === 0) return [];
  const parts = clients.map((client) => charges.filter((charge) => charge.client === client));
  const calls = parts.map((part) => ({
    keys: part.map(({ key }) => key),
    args: ["read", ...argsOf(part)],
  }));
  const answers = await withinDeadline(redis, monotonic(), runScripts(redis, script, calls));
  const failed = answers.find((answer) => answer instanceof Error);
  if (failed instanceof Error) throw failed;
  return parts.flatMap((part, i) => {
    const answer = answers[i];
    const numbers = Array.isArray(answer) ? answer.map(Number) : [];
    const made = numbers.every(Number.isSafeInteger) ? read(numbers, part) : undefined;
    if (made) return made;
    throw new StoreError("STORE_BAD_ANSWER", "EVALSHA: the answer about limits cannot be read.");
  });
}
