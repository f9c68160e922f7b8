/** How long whoever comes next waits for others, in milliseconds. */
export const TOGETHER_MS = 1;

/** Waits for others who come at the same time; undefined for whoever need not. */
export type Together = () => Promise<void> | undefined;

/**
 * Lets those who come at the same time go on together: the first at once, whoever comes within a
 * millisecond of it when that is over. Next serves many requests that go on together with less work
 * for each (docs/decisions/033-together.md). For a process that may let a request wait for another:
 * our own server, and not Vercel's edge or workerd, which forbid it.
 */
export function createTogether(waitMs: number = TOGETHER_MS): Together {
  let waiting: (() => void)[] | undefined;
  return () => {
    if (waiting) {
      const others = waiting;
      return new Promise((resolve) => others.push(resolve));
    }
    const others: (() => void)[] = [];
    waiting = others;
    setTimeout(() => {
      waiting = undefined;
      for (const goOn of others) goOn();
    }, waitMs);
    return undefined;
  };
}
