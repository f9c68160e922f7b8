/**
 * Waits for work no longer than so many milliseconds, then resolves to what `late` returns, or rejects
 * with what it throws. The work itself goes on. No timer is left when it has ended.
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
