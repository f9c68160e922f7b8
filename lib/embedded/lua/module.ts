import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { packageMissing } from "#lib/core/optional-package";
import { hostFunction } from "./host-function.ts";
import { meter, STEPS_LEFT, TICK } from "./meter.ts";
import type { Pointer, RawLua } from "./raw.ts";

/** How many steps run between two reads of the clock: about 50 µs. */
const STEPS = 10_000;

/** The exception of Lua's longjmp, which unwinds C to the enclosing protected call. */
const LONGJMP = Symbol("longjmp");

/** The result of a system call that does not exist, in C. */
const ENOSYS = -52;

/** Ends the running script at once. No part of this Lua may be used again. */
export class ScriptEnded extends Error {
  constructor() {
    super("The script ran for too long and was ended.");
    this.name = "ScriptEnded";
  }
}

/** Lua 5.4, compiled, with a meter for the time that it takes. */
export interface LuaModule {
  /** Opens a Lua with separate memory. It has access to nothing of the system except the time. */
  open(): RawLua;
}

let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * Loads Lua 5.4 in WebAssembly, from wasmoon.
 *
 * @throws {HeadgateError} PACKAGE_MISSING without wasmoon
 */
export async function loadLua(): Promise<LuaModule> {
  compiled ??= compile();
  const loaded = await compiled;
  return { open: () => open(loaded) };
}

async function compile(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(meter(await readFile(wasmoonFile())));
}

function wasmoonFile(): string {
  try {
    return createRequire(import.meta.url).resolve("wasmoon/dist/glue.wasm");
  } catch (cause) {
    throw packageMissing("wasmoon", cause);
  }
}

/** The exports of the module in addition to the functions of Lua. */
interface Exports extends Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  readonly __indirect_function_table: WebAssembly.Table;
  readonly [STEPS_LEFT]: WebAssembly.Global<"i32">;
  readonly [TICK]: WebAssembly.Global<"i32">;
  __wasm_call_ctors(): void;
  setThrew(threw: number, value: number): void;
  stackRestore(at: Pointer): void;
  stackSave(): Pointer;
}

function open(loaded: WebAssembly.Module): RawLua {
  const instance = new WebAssembly.Instance(
    loaded,
    importsOf(loaded, () => own),
  );
  const own = instance.exports as unknown as Exports;
  const table = own.__indirect_function_table;
  const addFunction: RawLua["addFunction"] = (run, signature) => {
    const place = table.grow(1);
    table.set(place, hostFunction(run, signature));
    return place;
  };
  const lua = Object.assign(viewsOf(own.memory), functionsOf(own), {
    deadline: Infinity,
    addFunction,
  });
  const tick = () => {
    if (performance.now() >= lua.deadline) throw new ScriptEnded();
    own[STEPS_LEFT].value = STEPS;
  };
  own[TICK].value = addFunction(tick, "v");
  own.__wasm_call_ctors();
  return lua as unknown as RawLua;
}

/**
 * Returns functions that view the memory as numbers of 8 and 32 bits. The buffer is replaced when the memory
 * grows.
 */
function viewsOf(memory: WebAssembly.Memory) {
  let bytes = new Uint8Array(memory.buffer);
  let words = new Uint32Array(memory.buffer);
  return {
    get HEAPU8() {
      if (bytes.buffer !== memory.buffer) bytes = new Uint8Array(memory.buffer);
      return bytes;
    },
    get HEAPU32() {
      if (words.buffer !== memory.buffer) words = new Uint32Array(memory.buffer);
      return words;
    },
  };
}

/** Returns the module's functions, by their names in RawLua. */
function functionsOf(own: Exports): Record<string, unknown> {
  const functions = Object.entries(own).filter(([, value]) => typeof value === "function");
  return Object.fromEntries(functions.map(([name, value]) => [`_${name}`, value]));
}

/** Returns the imports of the module: the time, more memory, and longjmp. */
function importsOf(loaded: WebAssembly.Module, own: () => Exports): WebAssembly.Imports {
  const used: Record<string, unknown> = {
    emscripten_date_now: () => Date.now(),
    _emscripten_get_now_is_monotonic: () => 0,
    _emscripten_throw_longjmp() {
      throw LONGJMP;
    },
    invoke_vii: (index: number, a: number, b: number) => callProtected(own(), index, a, b),
    emscripten_resize_heap: (bytes: number) => grow(own().memory, bytes >>> 0),
    environ_sizes_get: (count: Pointer, bytes: Pointer) => noEnvironment(own(), count, bytes),
    environ_get: () => 0,
  };
  const all: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(loaded)) {
    all[from] = { ...all[from], [name]: (used[name] ?? (() => ENOSYS)) as () => number };
  }
  return all;
}

/** Calls a function of the module, and catches a longjmp within it. */
function callProtected(own: Exports, index: number, a: number, b: number): void {
  const stack = own.stackSave();
  try {
    (own.__indirect_function_table.get(index) as (a: number, b: number) => void)(a, b);
  } catch (error) {
    if (error !== LONGJMP) throw error;
    own.stackRestore(stack);
    own.setThrew(1, 0);
  }
}

const PAGE = 65_536;

function grow(memory: WebAssembly.Memory, bytes: number): number {
  try {
    memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / PAGE));
    return 1;
  } catch {
    return 0;
  }
}

function noEnvironment({ memory }: Exports, count: Pointer, bytes: Pointer): number {
  const view = new DataView(memory.buffer);
  view.setUint32(count, 0, true);
  view.setUint32(bytes, 0, true);
  return 0;
}
