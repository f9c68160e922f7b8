import { createHash } from "node:crypto";
import { LUA_REGISTRYINDEX, LuaReturn } from "wasmoon";
import { ErrorReply } from "#lib/gateway/store/store";
import type { Bytes } from "../bytes.ts";
import { CommandError } from "../errors.ts";
import type { Result } from "../result.ts";
import { openState } from "./allocator.ts";
import { ScriptEnded } from "./module.ts";
import type { RawLua, State } from "./raw.ts";
import { SANDBOX } from "./sandbox.ts";
import { Stack } from "./stack.ts";

/** The registry index of the globals that scripts are compiled with: LUA_RIDX_GLOBALS. */
const GLOBALS = 2n;

export interface EngineOptions {
  /** Runs a command that a script calls. */
  readonly call: (args: readonly Bytes[]) => Result;
  /** The most memory that Lua may use for all scripts, in bytes. */
  readonly maxBytes: number;
}

export interface Run {
  readonly keys: readonly Bytes[];
  readonly args: readonly Bytes[];
  /** When the run must end, in milliseconds of performance.now(). */
  readonly deadline: number;
}

/** One state of Lua with the scripts that it has compiled. */
export class Engine {
  /**
   * True when a script was ended in the middle of an operation, or used too much memory. The engine must not
   * be used again.
   */
  isSpent = false;
  readonly #lua: RawLua;
  readonly #options: EngineOptions;
  readonly #stack: Stack;
  readonly #state: State;
  readonly #compiled = new Map<Bytes, number>();
  readonly #enter: number;
  readonly #begin: bigint;
  readonly #describe: bigint;
  #work: (state: State) => void = () => {};
  #hostError: unknown;

  /** Sets up an engine in a Lua that was just opened. */
  constructor(lua: RawLua, options: EngineOptions) {
    this.#lua = lua;
    this.#options = options;
    this.#stack = new Stack(lua);
    const { state, limit } = openState(lua);
    this.#state = state;
    lua._luaL_openlibs(state);
    this.#enter = lua.addFunction((at) => {
      this.#work(at);
      return 0;
    }, "ii");
    [this.#begin, this.#describe] = this.#openSandbox();
    limit(options.maxBytes);
  }

  has(name: Bytes): boolean {
    return this.#compiled.has(name);
  }

  /**
   * Compiles a script, by the deadline in milliseconds of performance.now().
   *
   * @throws {CommandError} with Lua's error text
   */
  compile(name: Bytes, text: Bytes, deadline: number): void {
    let problem: string | undefined;
    const failure = this.#protect(deadline, () => {
      const status = this.#load(text, "@user_script");
      if (status !== LuaReturn.Ok) problem = this.#stack.readText(this.#state, -1);
      else this.#compiled.set(name, this.#lua._luaL_ref(this.#state, LUA_REGISTRYINDEX));
    });
    if (problem !== undefined || failure !== undefined) {
      const words = (problem ?? failure)?.replace(/^[0-9]*:ERR /, "");
      throw new CommandError(`ERR Error compiling script (new function): ${words}`);
    }
  }

  /** Releases a compiled script. */
  forget(name: Bytes): void {
    const ref = this.#compiled.get(name);
    if (ref === undefined) return;
    this.#lua._luaL_unref(this.#state, LUA_REGISTRYINDEX, ref);
    this.#compiled.delete(name);
  }

  /** Runs a compiled script. Returns errors of the script as an ErrorReply, and throws errors of the host. */
  run(name: Bytes, { keys, args, deadline }: Run): Result {
    const ref = BigInt(this.#compiled.get(name) ?? 0);
    let result: Result = null;
    const failure = this.#protect(deadline, (state) => {
      this.#prepare(state, keys, args);
      this.#lua._lua_rawgeti(state, LUA_REGISTRYINDEX, ref);
      // An earlier run may have assigned to _ENV, the script's first upvalue.
      this.#lua._lua_rawgeti(state, LUA_REGISTRYINDEX, GLOBALS);
      this.#lua._lua_setupvalue(state, -2, 1);
      this.#lua._lua_callk(state, 0, 1, 0, 0);
      result = this.#stack.readResult(state, -1);
    });
    if (failure === undefined) return result;
    const [line = "", text = ""] = failure.split(/:(.*)/s, 2);
    const where = line === "" ? name : `${name}, on @user_script:${line}.`;
    return new ErrorReply(`${text} script: ${where}`);
  }

  /** Opens the sandbox. Returns the places of its functions in the registry. */
  #openSandbox(): [begin: bigint, describe: bigint] {
    const lua = this.#lua;
    if (this.#load(SANDBOX, "@sandbox") !== LuaReturn.Ok) throw this.#broken();
    this.#push((state) => this.#call(state, "raise"));
    this.#push((state) => this.#call(state, "return"));
    this.#push((state) => this.#sha1hex(state));
    if (lua._lua_pcallk(this.#state, 3, 3, 0, 0, 0) !== LuaReturn.Ok) throw this.#broken();
    const describe = lua._luaL_ref(this.#state, LUA_REGISTRYINDEX);
    const begin = lua._luaL_ref(this.#state, LUA_REGISTRYINDEX);
    lua._lua_rawseti(this.#state, LUA_REGISTRYINDEX, GLOBALS);
    return [BigInt(begin), BigInt(describe)];
  }

  #broken(): Error {
    return new Error(`Lua's sandbox failed: ${this.#stack.readText(this.#state, -1)}`);
  }

  #push(run: (state: State) => number): void {
    this.#lua._lua_pushcclosure(this.#state, this.#lua.addFunction(run, "ii"), 0);
  }

  #load(text: Bytes, name: string): LuaReturn {
    // Both names end with a zero byte for C. "t" means text only, without compiled code.
    const names = `${name}\0t\0`;
    return this.#stack.withOwnText(names, (at) =>
      this.#stack.withText(text, (from, size) =>
        this.#lua._luaL_loadbufferx(this.#state, from, size, at, at + name.length + 1),
      ),
    );
  }

  /** Runs work where Lua's errors are caught; returns the error as `line:text`. */
  #protect(deadline: number, work: (state: State) => void): string | undefined {
    const lua = this.#lua;
    const state = this.#state;
    this.#work = work;
    this.#hostError = undefined;
    lua.deadline = deadline;
    try {
      lua._lua_rawgeti(state, LUA_REGISTRYINDEX, this.#describe);
      lua._lua_pushcclosure(state, this.#enter, 0);
      const status = lua._lua_pcallk(state, 0, 0, -2, 0, 0);
      const failure = this.#failure(status);
      lua._lua_settop(state, 0);
      if (this.#hostError !== undefined) throw this.#hostError;
      return failure;
    } catch (error) {
      // Errors of Lua end in its protected call. This error came through it.
      if (error !== this.#hostError) this.isSpent = true;
      if (error instanceof ScriptEnded) return ":ERR the script ran for too long and was ended";
      throw error;
    } finally {
      lua.deadline = Infinity;
    }
  }

  #failure(status: LuaReturn): string | undefined {
    if (status === LuaReturn.ErrorMem) {
      this.isSpent = true;
      return ":ERR the script took too much memory";
    }
    if (status === LuaReturn.Ok) return undefined;
    if (status === LuaReturn.ErrorRun) return this.#stack.readText(this.#state, -1);
    return ":ERR the script failed, and so did the handling of its error";
  }

  /** Passes KEYS and ARGV to the sandbox, which undoes changes of the script before. */
  #prepare(state: State, keys: readonly Bytes[], args: readonly Bytes[]): void {
    this.#lua._lua_rawgeti(state, LUA_REGISTRYINDEX, this.#begin);
    this.#stack.pushTexts(state, keys);
    this.#stack.pushTexts(state, args);
    this.#lua._lua_callk(state, 2, 0, 0, 0);
  }

  /** Ends a script that runs for too long while the host works, which the meter does not count. */
  #watch(): void {
    if (performance.now() >= this.#lua.deadline) throw new ScriptEnded();
  }

  #call(state: State, errors: "raise" | "return"): number {
    this.#watch();
    const args = this.#stack.readArguments(state);
    const result = args instanceof ErrorReply ? args : this.#host(args);
    this.#lua._lua_settop(state, 0);
    this.#stack.pushResult(state, result);
    const isRaised = errors === "raise" || this.#hostError !== undefined;
    if (isRaised && result instanceof ErrorReply) return this.#lua._lua_error(state);
    return 1;
  }

  /** Calls the host. An error of the host first ends the script, so that Lua unwinds properly. */
  #host(args: readonly Bytes[]): Result {
    try {
      return this.#options.call(args);
    } catch (error) {
      this.#hostError = error;
      return new ErrorReply("ERR the store failed");
    }
  }

  #sha1hex(state: State): number {
    this.#watch();
    const args = this.#stack.readArguments(state);
    const [text = ""] = args instanceof ErrorReply ? [] : args;
    const bytes = Buffer.from(text, "latin1");
    this.#stack.pushText(state, createHash("sha1").update(bytes).digest("hex"));
    return 1;
  }
}
