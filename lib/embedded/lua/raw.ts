import type { LuaReturn, LuaType } from "wasmoon";

/** A Lua state, as an address in the memory of the WebAssembly module. */
export type State = number;
/** An address in that memory. */
export type Pointer = number;

/**
 * The functions of Lua's C API that we use, as wasmoon's WebAssembly module exports them.
 * https://www.lua.org/manual/5.4/manual.html#4.6
 */
export interface RawLua {
  /** When the running script is ended, in milliseconds of performance.now(). */
  deadline: number;
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  readonly HEAPU32: Uint32Array;
  _malloc(size: number): Pointer;
  _free(at: Pointer): void;
  _realloc(at: Pointer, size: number): Pointer;
  /** Adds a function that the module can call. `hostFunction` describes signatures. */
  addFunction(run: (...args: number[]) => number | void, signature: string): Pointer;

  _luaL_loadbufferx(
    state: State,
    text: Pointer,
    size: number,
    name: Pointer,
    mode: Pointer,
  ): LuaReturn;
  _luaL_openlibs(state: State): void;
  _luaL_ref(state: State, index: number): number;
  _luaL_unref(state: State, index: number, ref: number): void;
  _luaL_checkstack(state: State, slots: number, message: Pointer): void;
  _lua_callk(state: State, args: number, results: number, context: number, then: Pointer): void;
  _lua_createtable(state: State, items: number, fields: number): void;
  _lua_error(state: State): number;
  _lua_gettop(state: State): number;
  _lua_newstate(allocate: Pointer, userData: Pointer): State;
  _lua_pcallk(
    state: State,
    args: number,
    results: number,
    handler: number,
    context: number,
    then: Pointer,
  ): LuaReturn;
  _lua_pushboolean(state: State, value: number): void;
  _lua_pushcclosure(state: State, run: Pointer, values: number): void;
  _lua_pushinteger(state: State, value: bigint): void;
  _lua_pushlstring(state: State, text: Pointer, size: number): Pointer;
  _lua_pushnil(state: State): void;
  _lua_pushnumber(state: State, value: number): void;
  _lua_pushvalue(state: State, index: number): void;
  _lua_rawget(state: State, index: number): LuaType;
  _lua_rawgeti(state: State, index: number, key: bigint): LuaType;
  _lua_rawset(state: State, index: number): void;
  _lua_rawseti(state: State, index: number, key: bigint): void;
  _lua_setupvalue(state: State, index: number, upvalue: number): Pointer;
  _lua_settop(state: State, index: number): void;
  _lua_toboolean(state: State, index: number): number;
  _lua_tolstring(state: State, index: number, size: Pointer): Pointer;
  _lua_tonumberx(state: State, index: number, isNumber: Pointer): number;
  _lua_type(state: State, index: number): LuaType;
}
