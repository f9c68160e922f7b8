import { createRequire } from "node:module";

const next = createRequire(createRequire(import.meta.url).resolve("next/package.json"));

/** Makes Next read .env files again: its reader keeps what it read first in a process. */
export function forgetEnvFiles(): void {
  delete next.cache[next.resolve("@next/env")];
}

/** Gives this process these variables and no others. */
export function replaceVariables(variables: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) {
    if (!Object.hasOwn(variables, name)) delete process.env[name];
  }
  Object.assign(process.env, variables);
}
