/** Prints a line on standard error once in a process, even when several bundles of an app print it. */
export function tellOnce(line: string): void {
  // Each bundle has a copy of this module, so the printed lines are recorded on the global object.
  const printed = globalThis as { [line: symbol]: true };
  const name = Symbol.for(line);
  if (!printed[name]) console.error(`headgate: ${line}`);
  printed[name] = true;
}
