/** Prints a line on standard error: once in a process, however many bundles of an app say it. */
export function tellOnce(line: string): void {
  // Each bundle has a copy of this module, so what was told is kept where all of them see it.
  const told = globalThis as { [line: symbol]: true };
  const name = Symbol.for(line);
  if (!told[name]) console.error(`headgate: ${line}`);
  told[name] = true;
}
