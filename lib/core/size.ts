const UNITS = [
  ["GB", 2 ** 30],
  ["MB", 2 ** 20],
  ["kB", 2 ** 10],
  ["B", 1],
] as const;

/** The form of a size, for errors. */
export const SIZE_FORM = 'a whole number of bytes from 1, or a size such as "500 KB" or "5 MB"';

/**
 * Reads a size in the form of next.config: a number of bytes, or a text such as "5 MB" or "1.5gb". A kB has
 * 1,024 bytes.
 *
 * @returns whole bytes, from 1; undefined when the text is no size
 * @example
 * readSize("10 MB"); // 10485760
 */
export function readSize(given: string | number): number | undefined {
  const [, count, unit = "b"] =
    /^\s*(\d{1,12}(?:\.\d{1,6})?)\s*([kmg]?b)?\s*$/i.exec(String(given)) ?? [];
  const [, size] = UNITS.find(([name]) => name.toLowerCase() === unit.toLowerCase()) ?? ["", 1];
  // A fraction of a larger unit is rounded down to bytes; a fraction of a byte is invalid.
  const bytes = size === 1 ? Number(count) : Math.floor(Number(count) * size);
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Returns a size for people, rounded down.
 *
 * @example
 * formatSize(10485760); // "10 MB"
 */
export function formatSize(bytes: number): string {
  const [name, size] = UNITS.find(([, least]) => bytes >= least) ?? ["B", 1];
  return `${Math.floor((bytes / size) * 10) / 10} ${name}`;
}
