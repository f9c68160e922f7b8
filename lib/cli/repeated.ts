/** Returns every value of an option that may be repeated. citty keeps only the last. */
export function valuesOf(name: string, rawArgs: readonly string[]): readonly string[] {
  return rawArgs.flatMap((arg, i) => {
    if (arg === `--${name}`) return rawArgs[i + 1] ?? [];
    return arg.startsWith(`--${name}=`) ? arg.slice(name.length + 3) : [];
  });
}
