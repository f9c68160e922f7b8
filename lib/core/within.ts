/**
 * Waits for work for at most `ms` milliseconds, then resolves to the result of `late`, or rejects with its
 * error. The work itself continues. No timer remains afterwards.
 *
 * @example
 * const state = await within(1000, askStore(), () => "unknown");
 */
export async function within<T>(ms: number, work: PromiseLike<T>, late: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    return await Promise.race([work, over.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
