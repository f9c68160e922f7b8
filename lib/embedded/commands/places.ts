/**
 * The places that a command's range takes, for `slice`: places below 0 count from the end, and the
 * last one is included in the command and not in the answer.
 */
export function places(first: number, last: number, length: number): [start: number, end: number] {
  const start = Math.max(0, first < 0 ? length + first : first);
  const end = Math.min(length, (last < 0 ? length + last : last) + 1);
  return [Math.min(start, length), Math.max(Math.min(start, length), end)];
}
