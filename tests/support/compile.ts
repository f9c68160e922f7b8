import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { API, type Diagnostic, type Project } from "typescript/unstable/sync";
import { ROOT } from "./app.ts";

/** Opens a folder as a project of the compiler with the given settings, and returns the result of `use`. */
export function withProject<T>(folder: string, settings: object, use: (project: Project) => T): T {
  const file = join(folder, "tsconfig.json");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(settings));
  const api = new API({ cwd: ROOT });
  try {
    const project = api.updateSnapshot({ openProjects: [file] }).getProject(file);
    if (!project) throw new Error(`${file} cannot be opened.`);
    return use(project);
  } finally {
    api.close();
  }
}

/**
 * Returns the errors of the compiler in the files that the settings name; empty text without an error. The
 * files that these import are read for their types and not checked again.
 */
export function complaintsOf(folder: string, settings: object): string {
  return withProject(folder, settings, ({ program, rootFiles }) => {
    if (rootFiles.length === 0) return `${folder} has no files.`;
    return [
      ...program.getConfigFileParsingDiagnostics(),
      ...program.getProgramDiagnostics(),
      ...rootFiles.flatMap((file) => [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ]),
    ]
      .map(lineOf)
      .join("\n");
  });
}

/** Returns an error with its place, as tsc prints it. */
function lineOf(error: Diagnostic): string {
  const { fileName, pos, code } = error;
  const message = `error TS${code}: ${textOf(error)}`;
  if (fileName === undefined) return message;
  const line = readFileSync(fileName, "utf8").slice(0, pos).split("\n").length;
  return `${relative(ROOT, fileName)}(${line}): ${message}`;
}

function textOf({ text, messageChain = [] }: Diagnostic): string {
  return [text, ...messageChain.map(textOf)].join(" ");
}
