import { readEntries } from "./api.ts";

const ENTRIES = readEntries();

/** Returns an example as a module, which imports the public names that it uses, and may return. */
export function moduleOf(code: string): string {
  const imports = ENTRIES.flatMap(({ name, values, types }) => {
    const used = [...values.map((value) => value.name), ...types].filter(
      (one) => new RegExp(`(?<![\\w"]|[^.]\\.)${one}\\b`).test(code) && !isBound(code, one),
    );
    return used.length > 0 ? [`import { ${used.join(", ")} } from "${name}";`] : [];
  });
  const body = /^(?:import|export) /m.test(code)
    ? code
    : `export async function example() {\n${code}\n}`;
  return `${imports.join("\n")}\n${body}\n`;
}

/** Returns true when the code imports or declares the name itself. */
function isBound(code: string, name: string): boolean {
  const imported = new RegExp(`^import [^;]*\\b${name}\\b[^;]* from `, "m");
  return imported.test(code) || new RegExp(`^(?:const|function|class) ${name}\\b`, "m").test(code);
}

/** The settings with which examples compile: those of the repository, but for what an excerpt leaves unused. */
export const EXAMPLE_OPTIONS = {
  incremental: false,
  tsBuildInfoFile: null,
  noUnusedLocals: false,
  noImplicitReturns: false,
  verbatimModuleSyntax: false,
};
