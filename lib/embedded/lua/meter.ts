import {
  LOOP,
  MEMORY_COPY,
  MEMORY_FILL,
  skipInstruction,
  WasmReader,
  writeUnsigned,
} from "./wasm-code.ts";

/**
 * The additional exports of a metered module: the number of steps left, and the place of `tick` in the table.
 */
export const STEPS_LEFT = "steps_left";
export const TICK = "tick";

const [TYPES, GLOBALS, EXPORTS, CODE] = [1, 6, 7, 10];
const HEADER_BYTES = 8;
/** How many bytes copied or filled at once count as one step, as a power of two. */
const BYTES_PER_STEP_LOG2 = 4;

/**
 * Adds a meter to a WebAssembly module. Each iteration of a loop takes one step, and each 16 bytes of a bulk
 * copy or fill take another. When no step is left, the module calls the function at the place `tick` of its
 * table. That function must set `steps_left` again, or throw to end the run. So no call of C can run on
 * without the host.
 *
 * @throws {RangeError} for a module with instructions beyond WebAssembly 2.0 without SIMD
 */
export function meter(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(wasm);
  const first = new WasmReader(sectionOf(sections, GLOBALS)).unsigned();
  const places = { left: first, tick: first + 1, scratch: first + 2 };
  const turn = turnOf(places, findProcedure(sectionOf(sections, TYPES)));
  const added: Record<number, (body: Uint8Array) => Uint8Array> = {
    [GLOBALS]: (body) => append(body, [ZERO, ZERO, ZERO]),
    [EXPORTS]: (body) =>
      append(body, [exportOf(STEPS_LEFT, places.left), exportOf(TICK, places.tick)]),
    [CODE]: (body) => meterCode(body, turn, chargeOf(places)),
  };
  const parts = sections.map(([id, body]) => section(id, added[id]?.(body) ?? body));
  return new Uint8Array(Buffer.concat([wasm.subarray(0, HEADER_BYTES), ...parts]));
}

/** The indices of the globals that the meter adds. */
interface Places {
  readonly left: number;
  readonly tick: number;
  readonly scratch: number;
}

/** A mutable global of 32 bits that is 0 at first. */
const ZERO = [0x7f, 0x01, 0x41, 0x00, 0x0b];

function exportOf(name: string, global: number): number[] {
  return [...writeUnsigned(name.length), ...Buffer.from(name), 0x03, ...writeUnsigned(global)];
}

/** Returns the index of the type of functions without parameters and results. */
function findProcedure(types: Uint8Array): number {
  const reader = new WasmReader(types);
  const count = reader.unsigned();
  for (let index = 0; index < count; index += 1) {
    reader.byte();
    const params = reader.slice(reader.unsigned());
    const results = reader.slice(reader.unsigned());
    if (params.length === 0 && results.length === 0) return index;
  }
  throw new RangeError("The WebAssembly module has no type for a function without parameters.");
}

const [IF, END, CALL_INDIRECT, GET, SET] = [0x04, 0x0b, 0x11, 0x23, 0x24];
const [CONST, LESS, SUBTRACT, SHIFT_RIGHT, NO_VALUE] = [0x41, 0x48, 0x6b, 0x76, 0x40];

/** Returns code that takes one step, and calls `tick` when no step was left. */
function turnOf({ left, tick }: Places, type: number): Uint8Array {
  const get = [GET, ...writeUnsigned(left)];
  const take = [...get, CONST, 1, SUBTRACT, SET, ...writeUnsigned(left)];
  const test = [...get, CONST, 0, LESS, IF, NO_VALUE];
  const call = [GET, ...writeUnsigned(tick), CALL_INDIRECT, ...writeUnsigned(type), 0, END];
  return Uint8Array.from([...take, ...test, ...call]);
}

/** Returns code that takes the steps for the number of bytes on top of the stack, and leaves it there. */
function chargeOf({ left, scratch }: Places): Uint8Array {
  const keep = [SET, ...writeUnsigned(scratch)];
  const bytes = [GET, ...writeUnsigned(scratch)];
  const steps = [...bytes, CONST, BYTES_PER_STEP_LOG2, SHIFT_RIGHT];
  const take = [GET, ...writeUnsigned(left), ...steps, SUBTRACT, SET, ...writeUnsigned(left)];
  return Uint8Array.from([...keep, ...take, ...bytes]);
}

type Section = readonly [id: number, body: Uint8Array];

function readSections(wasm: Uint8Array): Section[] {
  const reader = new WasmReader(wasm, HEADER_BYTES);
  const sections: Section[] = [];
  while (reader.at < wasm.length) sections.push([reader.byte(), reader.slice(reader.unsigned())]);
  return sections;
}

function sectionOf(sections: readonly Section[], id: number): Uint8Array {
  const found = sections.find(([each]) => each === id);
  if (!found) throw new RangeError(`The WebAssembly module has no section ${id}.`);
  return found[1];
}

function section(id: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(id, ...writeUnsigned(body.length)), body]);
}

/** Adds items to a section that begins with their number. */
function append(body: Uint8Array, items: readonly (readonly number[])[]): Uint8Array {
  const reader = new WasmReader(body);
  const count = writeUnsigned(reader.unsigned() + items.length);
  return Buffer.concat([
    Uint8Array.from(count),
    body.subarray(reader.at),
    Buffer.from(items.flat()),
  ]);
}

function meterCode(body: Uint8Array, turn: Uint8Array, charge: Uint8Array): Uint8Array {
  const reader = new WasmReader(body);
  const count = reader.unsigned();
  const parts: Uint8Array[] = [Uint8Array.from(writeUnsigned(count))];
  for (let index = 0; index < count; index += 1) {
    const code = Buffer.concat(meterFunction(reader.slice(reader.unsigned()), turn, charge));
    parts.push(Uint8Array.from(writeUnsigned(code.length)), code);
  }
  return Buffer.concat(parts);
}

function meterFunction(body: Uint8Array, turn: Uint8Array, charge: Uint8Array): Uint8Array[] {
  const reader = new WasmReader(body);
  // Each group of locals has a number and a type.
  reader.skipNumbers(2 * reader.unsigned());
  const parts: Uint8Array[] = [];
  let copied = 0;
  const insert = (at: number, added: Uint8Array) => {
    parts.push(body.subarray(copied, at), added);
    copied = at;
  };
  while (reader.at < body.length) {
    const from = reader.at;
    const opcode = skipInstruction(reader);
    if (opcode === LOOP) insert(reader.at, turn);
    if (opcode === -MEMORY_COPY || opcode === -MEMORY_FILL) insert(from, charge);
  }
  return [...parts, body.subarray(copied)];
}
