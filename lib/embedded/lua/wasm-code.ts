/** Reads the parts of a WebAssembly module. https://webassembly.github.io/spec/core/binary */
export class WasmReader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError("The WebAssembly module ends too early.");
    this.at += 1;
    return byte;
  }

  /** Reads a whole number without a sign, of up to 32 bits. */
  unsigned(): number {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
      shift += 7;
    }
  }

  skipNumbers(count: number): void {
    for (let left = count; left > 0;) if (this.byte() < 0x80) left -= 1;
  }

  slice(size: number): Uint8Array {
    const from = this.at;
    this.at += size;
    return this.bytes.subarray(from, this.at);
  }
}

/** Encodes a whole number without a sign for WebAssembly. */
export function writeUnsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

export const LOOP = 0x03;
/** The prefix byte of instructions that are named by a second number. */
export const MORE = 0xfc;
export const MEMORY_COPY = 10;
export const MEMORY_FILL = 11;

/** How many numbers follow an instruction, by its first byte. */
const NUMBERS = new Map<number, number>([
  ...numbers(1, [0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x3f, 0x40, 0x41, 0x42, 0xd0, 0xd2]),
  ...numbers(1, [0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26]),
  ...numbers(2, [0x11]),
  ...numbers(
    2,
    Array.from({ length: 0x3e - 0x28 + 1 }, (_, index) => 0x28 + index),
  ),
]);
/** The same for the second number of `MORE`. */
const MORE_NUMBERS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 2, 1, 1, 1, 1];

const [BRANCH_TABLE, F32, F64, LAST_PLAIN] = [0x0e, 0x43, 0x44, 0xc4];

function numbers(count: number, opcodes: readonly number[]): [number, number][] {
  return opcodes.map((opcode) => [opcode, count]);
}

/**
 * Skips one instruction; returns its first byte, or for `MORE` the negative of the second number.
 *
 * @throws {RangeError} for an instruction that it does not know
 */
export function skipInstruction(reader: WasmReader): number {
  const opcode = reader.byte();
  if (opcode === MORE) return skipMore(reader);
  if (opcode === BRANCH_TABLE) reader.skipNumbers(reader.unsigned() + 1);
  else if (opcode === F32) reader.slice(4);
  else if (opcode === F64) reader.slice(8);
  else if (opcode > LAST_PLAIN && !NUMBERS.has(opcode)) throw unknown(opcode);
  else reader.skipNumbers(NUMBERS.get(opcode) ?? 0);
  return opcode;
}

function skipMore(reader: WasmReader): number {
  const second = reader.unsigned();
  const count = MORE_NUMBERS[second];
  if (count === undefined) throw unknown(MORE);
  reader.skipNumbers(count);
  return -second;
}

function unknown(opcode: number): RangeError {
  return new RangeError(`The WebAssembly instruction 0x${opcode.toString(16)} is not known.`);
}
