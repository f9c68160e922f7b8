import {
  type Budget,
  type Command,
  ErrorReply,
  type MessageListener,
  type Reply,
  type Store,
  type Subscription,
} from "#lib/gateway/store/store";
import { type Bytes, toBytes } from "./bytes.ts";
import { type WallClock, wallClock } from "./clock.ts";
import { type Context, type Specification, takes } from "./command.ts";
import { findCommand } from "./commands/all.ts";
import { CommandError, OUT_OF_MEMORY, wrongArity } from "./errors.ts";
import { Keyspace } from "./keyspace.ts";
import { type Result, toReply } from "./result.ts";
import { type LuaModule, loadLua } from "./lua/module.ts";
import { Scripts } from "./scripts.ts";
import { Subscriptions } from "./subscriptions.ts";

export interface EmbeddedStoreOptions {
  /**
   * The most memory of all keys, in estimated bytes. When it is used up, commands that would grow it are
   * rejected. @default 67108864
   */
  readonly maxBytes?: number;
  /** How long all scripts of one call, pipeline or transaction may run, in milliseconds. @default 1000 */
  readonly scriptMs?: number;
  /** The most memory that Lua may use for all scripts, in bytes. @default 16777216 */
  readonly scriptBytes?: number;
  /** The time, in milliseconds since 1970 with microseconds as its fraction. @default the machine's */
  readonly clock?: WallClock;
}

const MIB = 1024 * 1024;

/** How far a script that has begun to write may exceed the bound, in bytes, so that it can finish. */
const SCRIPT_MARGIN = 16 * MIB;

/** How many keys with a time to live each command checks for expiry. */
const SWEEP = 4;
/** The same when memory is full. */
const SWEEP_WHEN_FULL = 1000;

/**
 * Opens a store in this process's memory, for a machine without Redis: the usual commands of Redis 7, and its
 * scripts. All data is deleted when it closes. Each call runs to its end in one turn of the event loop.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions = {}): Promise<Store> {
  return new EmbeddedStore(await loadLua(), options);
}

class EmbeddedStore implements Store {
  readonly #keys = new Keyspace();
  readonly #subscriptions = new Subscriptions();
  readonly #clock: WallClock;
  readonly #maxBytes: number;
  readonly #scriptMs: number;
  readonly #scripts: Scripts;
  /** True when the running script has written. Then full memory no longer stops it halfway. */
  #hasWritten = false;
  #context: Context;

  constructor(lua: LuaModule, options: EmbeddedStoreOptions) {
    const { maxBytes = 64 * MIB, clock = wallClock() } = options;
    const { scriptMs = 1000, scriptBytes = 16 * MIB } = options;
    const call = (args: readonly Bytes[], isReadOnly: boolean) =>
      this.#callFromScript(args, isReadOnly);
    this.#scripts = new Scripts(lua, { call, scriptBytes });
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#scriptMs = scriptMs;
    this.#context = this.#at(0);
  }

  async call(command: Command, budget?: Budget): Promise<Reply> {
    this.#begin();
    return this.#run(command, budget);
  }

  async pipeline(commands: readonly Command[], budget?: Budget): Promise<readonly Reply[]> {
    this.#begin();
    return commands.map((command) => budget?.refusal ?? this.#run(command, budget));
  }

  async transaction(
    commands: readonly Command[],
    budget?: Budget,
  ): Promise<readonly Reply[] | ErrorReply> {
    this.#begin();
    if (!commands.every(isRunnable)) {
      return new ErrorReply("EXECABORT Transaction discarded because of previous errors.");
    }
    return commands.map((command) => this.#run(command, budget));
  }

  async subscribe(subscription: Subscription, listener: MessageListener): Promise<() => void> {
    return this.#subscriptions.add(subscription, listener);
  }

  async close(): Promise<void> {
    this.#subscriptions.close();
    this.#keys.clear();
  }

  /** Returns the result of a script's redis.call. */
  #callFromScript([name = "", ...args]: readonly Bytes[], isReadOnly: boolean): Result {
    if (name === "") {
      return new ErrorReply("ERR Please specify at least one argument for this redis lib call");
    }
    const found = findCommand(name, args);
    if (!found) return new ErrorReply(UNKNOWN_IN_SCRIPT);
    const { command } = found;
    if (!takes(command, args.length)) {
      return new ErrorReply("ERR Wrong number of args calling Redis command from script");
    }
    if (found.isIncomplete) return new ErrorReply(UNKNOWN_IN_SCRIPT);
    if (command.inScripts === false) {
      return new ErrorReply("ERR This Redis command is not allowed from script");
    }
    if (isReadOnly && command.effect !== "reads") {
      return new ErrorReply("ERR Write commands are not allowed from read-only scripts.");
    }
    const result = this.#apply(command, args);
    if (command.effect !== "reads" && !(result instanceof ErrorReply)) this.#hasWritten = true;
    return result;
  }

  #begin(): void {
    this.#scripts.deadline = performance.now() + this.#scriptMs;
  }

  #run([name, ...rest]: Command, budget?: Budget): Reply {
    const args = rest.map(toBytes);
    const found = findCommand(name, args);
    if (!found) return toReply(unknown(name, args));
    if (!takes(found.command, args.length)) return new ErrorReply(wrongArity(found.name).message);
    // A script and all its commands run at the same time of the clock.
    this.#context = this.#at(this.#clock());
    this.#keys.now = Math.floor(this.#context.time);
    this.#keys.sweep(SWEEP);
    this.#hasWritten = false;
    return toReply(this.#apply(found.command, args), budget);
  }

  #apply({ effect, run }: Specification, args: readonly Bytes[]): Result {
    if (effect === "grows" && this.#isFull()) return new ErrorReply(OUT_OF_MEMORY);
    try {
      return run(args, this.#context);
    } catch (error) {
      if (error instanceof CommandError) return new ErrorReply(error.message);
      throw error;
    }
  }

  #isFull(): boolean {
    const most = this.#maxBytes + (this.#hasWritten ? SCRIPT_MARGIN : 0);
    if (this.#keys.bytes <= most) return false;
    this.#keys.sweep(SWEEP_WHEN_FULL);
    return this.#keys.bytes > most;
  }

  #at(time: number): Context {
    return {
      keys: this.#keys,
      scripts: this.#scripts,
      subscriptions: this.#subscriptions,
      maxBytes: this.#maxBytes,
      time,
    };
  }
}

const UNKNOWN_IN_SCRIPT = "ERR Unknown Redis command called from script";

function isRunnable([name, ...args]: Command): boolean {
  const found = findCommand(name, args.map(toBytes));
  return found !== undefined && !found.isIncomplete && takes(found.command, args.length);
}

/** How many characters of an unknown command Redis repeats in its error. */
const REPEATED = 128;

function unknown(name: string, args: readonly Bytes[]): ErrorReply {
  let repeated = "";
  for (const arg of args) {
    if (repeated.length >= REPEATED) break;
    // A string of C ends at its first zero byte.
    const [text = ""] = arg.slice(0, REPEATED - repeated.length).split("\0", 1);
    repeated += `'${text}' `;
  }
  const message = `ERR unknown command '${name.toUpperCase().slice(0, REPEATED)}', with args beginning with: ${repeated}`;
  return new ErrorReply(message);
}
