/**
 * Returns a count that was read from the store; 0 for values that no instance writes, such as "inf" or text.
 */
export function countOf(text: string | undefined): number {
  const count = Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}
