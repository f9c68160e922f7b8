/** Returns a count that was read from the store; 0 for what no instance writes, such as "inf" or a text. */
export function countOf(text: string | undefined): number {
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}
