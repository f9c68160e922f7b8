import { ErrorReply } from "#lib/gateway/store/store";
import type { Bytes } from "../bytes.ts";
import { writeDouble } from "../numbers.ts";
import { type Result, Status } from "../result.ts";
import { LuaType } from "wasmoon";
import type { RawLua, State } from "./raw.ts";

/** Texts up to this size (bytes) are copied through memory that is reserved once. */
const SCRATCH_BYTES = 65_536;

/** The value of a number that does not fit into 64 bits, as in C on x86. */
const NO_INTEGER = -(2 ** 63);

/** The most memory of values that are read from Lua, in bytes. Shared parts count each time they occur. */
const MOST_BYTES = 32 * 1024 * 1024;
const VALUE_BYTES = 256;
const MOST_DEPTH = 100;

/** Moves values between JavaScript and Lua's stack, as bytes, with the conversions of Redis. */
export class Stack {
  readonly #lua: RawLua;
  readonly #scratch: number;
  readonly #size: number;
  #memory: Buffer;

  constructor(lua: RawLua) {
    this.#lua = lua;
    this.#scratch = lua._malloc(SCRATCH_BYTES);
    this.#size = lua._malloc(8);
    this.#memory = Buffer.from(lua.HEAPU8.buffer);
  }

  /** Calls `work` with the address and size of a text in Lua's memory. */
  withText<T>(text: Bytes, work: (at: number, size: number) => T): T {
    const fits = text.length <= SCRATCH_BYTES;
    const at = fits ? this.#scratch : this.#lua._malloc(text.length);
    if (at === 0) throw new RangeError("Lua's memory is full");
    try {
      this.#view().write(text, at, "latin1");
      return work(at, text.length);
    } finally {
      if (!fits) this.#lua._free(at);
    }
  }

  /** Does the same with newly allocated memory, so that two texts can be used at once. */
  withOwnText<T>(text: Bytes, work: (at: number) => T): T {
    const at = this.#lua._malloc(text.length);
    if (at === 0) throw new RangeError("Lua's memory is full");
    try {
      this.#view().write(text, at, "latin1");
      return work(at);
    } finally {
      this.#lua._free(at);
    }
  }

  pushText(state: State, text: Bytes): void {
    this.withText(text, (at, size) => this.#lua._lua_pushlstring(state, at, size));
  }

  pushTexts(state: State, texts: readonly Bytes[]): void {
    this.#lua._lua_createtable(state, texts.length, 0);
    let place = 0n;
    for (const text of texts) {
      this.pushText(state, text);
      place += 1n;
      this.#lua._lua_rawseti(state, -2, place);
    }
  }

  /** Pushes a command's result for a script. A null result becomes false, because nil would end a table. */
  pushResult(state: State, result: Result): void {
    const lua = this.#lua;
    if (typeof result === "string") this.pushText(state, result);
    else if (typeof result === "number") this.#pushNumber(state, result);
    else if (result === null) lua._lua_pushboolean(state, 0);
    else if (result instanceof Status) this.#pushField(state, "ok", result.text);
    else if (result instanceof ErrorReply) this.#pushField(state, "err", result.message);
    else this.#pushList(state, result);
  }

  readText(state: State, index: number): Bytes {
    const at = this.#lua._lua_tolstring(state, index, this.#size);
    const size = this.#lua.HEAPU32[this.#size >> 2] ?? 0;
    return this.#view().toString("latin1", at, at + size);
  }

  /**
   * Reads the arguments of a call, which must be text or numbers. Returns an error for other types, or when
   * the arguments are too large.
   */
  readArguments(state: State): Bytes[] | ErrorReply {
    const args: Bytes[] = [];
    const count = this.#lua._lua_gettop(state);
    let bytes = 0;
    for (let index = 1; index <= count; index += 1) {
      const text = this.#readArgument(state, index);
      if (text === undefined) return BAD_ARGUMENT;
      bytes += VALUE_BYTES + text.length;
      if (bytes > MOST_BYTES) return TOO_MANY_ARGUMENTS;
      args.push(text);
    }
    return args;
  }

  /** Reads what a script returned, and converts it as Redis does. */
  readResult(state: State, index: number): Result {
    return new ResultReader(this.#lua, this, state).read(index);
  }

  #readArgument(state: State, index: number): Bytes | undefined {
    const type = this.#lua._lua_type(state, index);
    if (type === LuaType.String) return this.readText(state, index);
    if (type !== LuaType.Number) return undefined;
    return writeDouble(this.#lua._lua_tonumberx(state, index, 0));
  }

  #pushNumber(state: State, value: number): void {
    if (Number.isSafeInteger(value)) this.#lua._lua_pushinteger(state, BigInt(value));
    else this.#lua._lua_pushnumber(state, value);
  }

  #pushField(state: State, name: "ok" | "err", text: Bytes): void {
    this.#lua._lua_createtable(state, 0, 1);
    this.pushText(state, name);
    this.pushText(state, text);
    this.#lua._lua_rawset(state, -3);
  }

  #pushList(state: State, list: readonly Result[]): void {
    this.#lua._lua_createtable(state, list.length, 0);
    let place = 0n;
    for (const item of list) {
      this.pushResult(state, item);
      place += 1n;
      this.#lua._lua_rawseti(state, -2, place);
    }
  }

  /** Returns the module's memory, whose buffer is replaced when it grows. */
  #view(): Buffer {
    const { buffer } = this.#lua.HEAPU8;
    if (this.#memory.buffer !== buffer) this.#memory = Buffer.from(buffer);
    return this.#memory;
  }
}

/** Reads one result with nested tables, up to a bound of depth and of size. */
class ResultReader {
  readonly #lua: RawLua;
  readonly #stack: Stack;
  readonly #state: State;
  #bytes = 0;
  #depth = 0;

  constructor(lua: RawLua, stack: Stack, state: State) {
    this.#lua = lua;
    this.#stack = stack;
    this.#state = state;
  }

  read(index: number): Result {
    if (this.#count(VALUE_BYTES)) return TOO_LARGE;
    const type = this.#lua._lua_type(this.#state, index);
    if (type === LuaType.String) return this.#readText(index);
    if (type === LuaType.Table) return this.#readTable();
    if (type === LuaType.Number) {
      return truncated(this.#lua._lua_tonumberx(this.#state, index, 0));
    }
    const isTrue = type === LuaType.Boolean && this.#lua._lua_toboolean(this.#state, index) === 1;
    return isTrue ? 1 : null;
  }

  #readText(index: number): Result {
    const text = this.#stack.readText(this.#state, index);
    return this.#count(text.length) ? TOO_LARGE : text;
  }

  /** Reads the table on top of the stack. */
  #readTable(): Result {
    if (this.#depth >= MOST_DEPTH) return new ErrorReply("ERR reached lua stack limit");
    this.#depth += 1;
    this.#lua._luaL_checkstack(this.#state, 4, 0);
    const error = this.#field("err");
    const status = error === undefined ? this.#field("ok") : undefined;
    const result = this.#tagged(error, status) ?? this.#readItems();
    this.#depth -= 1;
    return result;
  }

  #tagged(error: Bytes | undefined, status: Bytes | undefined): Result | undefined {
    if (error !== undefined) return new ErrorReply(error);
    if (status !== undefined) return new Status(status);
    return undefined;
  }

  #field(name: string): Bytes | undefined {
    this.#stack.pushText(this.#state, name);
    const type = this.#lua._lua_rawget(this.#state, -2);
    const text = type === LuaType.String ? this.#stack.readText(this.#state, -1) : undefined;
    this.#lua._lua_settop(this.#state, -2);
    return text;
  }

  /** Reads the items of a table up to the first nil. */
  #readItems(): Result {
    const items: Result[] = [];
    for (let place = 1n; ; place += 1n) {
      const type = this.#lua._lua_rawgeti(this.#state, -1, place);
      const item = type === LuaType.Nil ? undefined : this.read(-1);
      this.#lua._lua_settop(this.#state, -2);
      if (item === undefined) return items;
      if (item === TOO_LARGE) return TOO_LARGE;
      items.push(item);
    }
  }

  #count(bytes: number): boolean {
    this.#bytes += bytes;
    return this.#bytes > MOST_BYTES;
  }
}

const BAD_ARGUMENT = new ErrorReply(
  "ERR Lua redis lib command arguments must be strings or integers",
);
const TOO_MANY_ARGUMENTS = new ErrorReply("ERR the arguments are too large");
const TOO_LARGE = new ErrorReply("ERR the script's reply is too large");

function truncated(value: number): number {
  if (Math.abs(value) < 2 ** 63) return Math.trunc(value) + 0;
  return NO_INTEGER;
}
