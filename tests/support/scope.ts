import { afterEach } from "vitest";

type CleanUp = () => unknown;

/**
 * Cleans up after each test, or after the last one with `afterAll`, in reverse order, also when a test failed.
 *
 * @example const app = cleanUp(await startApp(), (it) => it.stop());
 */
export function scope(after: (cleanUp: () => Promise<void>) => void = afterEach) {
  const pending: CleanUp[] = [];
  after(async () => {
    for (const undo of pending.splice(0).reverse()) await undo();
  });
  return function cleanUp<T>(made: T, undo: (made: T) => unknown): T {
    pending.push(() => undo(made));
    return made;
  };
}
