import { afterEach } from "vitest";

type CleanUp = () => unknown;

/**
 * Cleans up after each test, last made first, also when the test failed.
 *
 * @example const app = cleanUp(await startApp(), (it) => it.stop());
 */
export function scope() {
  const pending: CleanUp[] = [];
  afterEach(async () => {
    for (const undo of pending.splice(0).reverse()) await undo();
  });
  return function cleanUp<T>(made: T, undo: (made: T) => unknown): T {
    pending.push(() => undo(made));
    return made;
  };
}
