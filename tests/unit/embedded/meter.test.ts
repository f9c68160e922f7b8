import { expect, test } from "vitest";
import { hostFunction } from "#lib/embedded/lua/host-function";
import { meter, STEPS_LEFT, TICK } from "#lib/embedded/lua/meter";

const section = (id: number, ...body: number[]) => [id, body.length, ...body];

/** A module of one function, `f`, with a page of memory and a table, `t`. */
function moduleOf(...code: number[]): Uint8Array {
  return Uint8Array.from([
    ...Buffer.from("\0asm\x01\0\0\0"),
    ...section(1, 1, 0x60, 0, 0),
    ...section(3, 1, 0),
    ...section(4, 1, 0x70, 0, 1),
    ...section(5, 1, 0, 1),
    ...section(6, 1, 0x7f, 1, 0x41, 0, 0x0b),
    ...section(7, 2, 1, 0x66, 0x00, 0, 1, 0x74, 0x01, 0),
    ...section(10, 1, code.length + 1, 0, ...code),
  ]);
}

const FOREVER = moduleOf(0x03, 0x40, 0x0c, 0, 0x0b, 0x0b);
const FILL_64_KIB = moduleOf(0x41, 0, 0x41, 0, 0x41, 0x80, 0x80, 0x04, 0xfc, 0x0b, 0, 0x0b);
const SIMD = moduleOf(0xfd, 0x0c, 0x0b);

interface Metered {
  f(): void;
  readonly t: WebAssembly.Table;
  readonly [STEPS_LEFT]: WebAssembly.Global<"i32">;
  readonly [TICK]: WebAssembly.Global<"i32">;
}

function open(wasm: Uint8Array): Metered {
  const compiled = new WebAssembly.Module(meter(wasm));
  return new WebAssembly.Instance(compiled).exports as unknown as Metered;
}

test("a loop requests more steps each time when none is left, and ends when the host throws", () => {
  const own = open(FOREVER);
  const [STEPS, TICKS] = [1000, 5];
  let ticks = 0;
  own.t.set(
    0,
    hostFunction(() => {
      ticks += 1;
      if (ticks === TICKS) throw new Error("enough");
      own[STEPS_LEFT].value = STEPS;
    }, "v"),
  );
  own[STEPS_LEFT].value = STEPS;
  own[TICK].value = 0;
  expect(() => {
    own.f();
  }).toThrow("enough");
  expect(ticks).toBe(TICKS);
});

test("a bulk fill takes one step for each 16 bytes", () => {
  const own = open(FILL_64_KIB);
  own[STEPS_LEFT].value = 10_000;
  own.f();
  expect(own[STEPS_LEFT].value).toBe(10_000 - 65_536 / 16);
});

test("the meter rejects a module with an unknown instruction", () => {
  expect(() => meter(SIMD)).toThrow("The WebAssembly instruction 0xfd is not known.");
});
