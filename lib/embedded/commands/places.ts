/**
 * Converts a command's range to places for `slice`. In a command, negative places count from the end and the
 * last place is included. In the result, the end is exclusive.
 */
export function places(first: number, last: number, length: number): [start: number, end: number] {
  const start = Math.max(0, first < 0 ? length + first : first);
  const end = Math.min(length, (last < 0 ? length + last : last) + 1);
  return [Math.min(start, length), Math.max(Math.min(start, length), end)];
}
