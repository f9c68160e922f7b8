/** Returns a log in the format of Redis: "L", and each time (ms) as six characters of base 127, each from 1 to 127. */
export function pack(times: readonly number[]): string {
  return `L${times.map(stampOf).join("")}`;
}

/** Returns the times (ms) of a log. */
export function unpack(text: string): number[] {
  const stamps = text.slice(1).match(/[^]{6}/g) ?? [];
  return stamps.map((stamp) =>
    Array.from(stamp, digitOf).reduce((time, digit) => time * 127 + digit, 0),
  );
}

function stampOf(time: number): string {
  const digits = [5, 4, 3, 2, 1, 0].map((place) => Math.floor(time / 127 ** place) % 127);
  return String.fromCodePoint(...digits.map((digit) => digit + 1));
}

function digitOf(char: string): number {
  return (char.codePointAt(0) ?? 0) - 1;
}
