import { targetOf } from "./room-of.ts";

/** As much of a package.json as says what its files may import. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Dependencies that no file imports, and why they are listed all the same. */
const NOT_IMPORTED: Readonly<Record<string, string>> = {
  "react-dom": "Next renders with it",
};

/** Returns a sentence for each import that a package.json does not list, and each dependency that no file imports. */
export function packageFindings(
  file: string,
  manifest: Manifest,
  imports: readonly { readonly file: string; readonly specifier: string }[],
): readonly string[] {
  const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = manifest;
  const listed = { ...dependencies, ...devDependencies, ...peerDependencies };
  const imported = new Map<string, string>();
  for (const { file: importer, specifier } of imports) {
    const target = targetOf(importer, specifier);
    if (target.kind === "package") imported.set(target.name, importer);
  }
  return [
    ...[...imported]
      .filter(([name]) => !Object.hasOwn(listed, name))
      .map(([name, importer]) => `${file} does not list ${name}, which ${importer} imports.`),
    ...Object.keys({ ...dependencies, ...peerDependencies })
      .filter((name) => !imported.has(name) && !Object.hasOwn(NOT_IMPORTED, name))
      .map((name) => `${file} lists ${name}, which none of its files imports.`),
  ];
}
