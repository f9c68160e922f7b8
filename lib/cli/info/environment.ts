import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { trimVariables, type Variables } from "#lib/core/settings";
import { VARIABLES } from "#lib/variables";

/** The two modes in which Next reads `.env` files. */
export type NodeMode = "development" | "production";

/** A variable of Headgate's that is set. */
export interface SetVariable {
  readonly name: string;
  /**
   * The value, where Headgate's own table says that the variable holds no secret, and it is a number or one
   * word; else null.
   */
  readonly value: string | null;
  /** Where it is set: "the environment", or names of files. The first is the one that counts. */
  readonly from: readonly string[];
  /** Whether this mode reads one of these. */
  readonly isRead: boolean;
}

/** The environment of an app, as Next would read it in a mode. */
export interface Environment {
  readonly mode: NodeMode;
  /** Files of the environment, with those that this mode does not read. */
  readonly files: readonly string[];
  /** Those that are there and cannot be read. */
  readonly unreadable: readonly string[];
  readonly variables: readonly SetVariable[];
}

/** The same with what no report may hold. */
export interface ReadEnvironment {
  readonly report: Environment;
  /** What the app is given, without blanks around the values. */
  readonly env: Readonly<Record<string, string>>;
  /** Every value of the process and of the files that may be a secret. */
  readonly secrets: readonly string[];
}

/** The process's own variables, as a report calls them. */
const PROCESS = "the environment";

/** Names in which people write examples. */
const EXAMPLE = /example|sample|template|dist$/i;

/** A number or a word: a token is neither. */
const ONE_WORD = /^(?:\d{1,9}|[a-z]{1,12})$/;

interface Source {
  readonly name: string;
  readonly isRead: boolean;
  readonly set: Readonly<Record<string, string>>;
}

/**
 * Reads the variables of a process and the `.env` files of a folder, as Next reads them for the mode that
 * NODE_ENV names, by default development. A file that cannot be read is told, and not thrown.
 */
export function readEnvironment(root: string, processEnv: Variables): ReadEnvironment {
  const mode: NodeMode = processEnv["NODE_ENV"] === "production" ? "production" : "development";
  const { files, unreadable } = envFiles(root, mode);
  const sources: Source[] = [
    { name: PROCESS, isRead: true, set: trimVariables(processEnv) },
    ...files,
  ];
  const read = sources.filter(({ isRead }) => isRead).map(({ set }) => set);
  const env = expanded(Object.assign({}, ...read.toReversed()) as Record<string, string>);
  return {
    report: {
      mode,
      files: files.map(({ name }) => name),
      unreadable,
      variables: Object.keys(VARIABLES)
        .filter((name) => name !== "PATH")
        .flatMap((name) => variableIn(name, sources, env) ?? []),
    },
    env,
    secrets: sources.flatMap(({ set }) => secretsIn(set)),
  };
}

/** The `.env` files of a folder, first the one that stands before the others. */
function envFiles(root: string, mode: NodeMode) {
  const order = [`.env.${mode}.local`, ".env.local", `.env.${mode}`, ".env"];
  const others = namesIn(root).filter((name) => /^\.env(?:\.|$)/.test(name));
  const names = [...order, ...others.filter((name) => !order.includes(name))].filter(
    (name) => others.includes(name) && !EXAMPLE.test(name),
  );
  const unreadable: string[] = [];
  const files = names.flatMap((name): Source[] => {
    try {
      const set = parseEnv(readFileSync(join(root, name), "utf8"));
      return [{ name, isRead: order.includes(name), set: trimVariables(set) }];
    } catch {
      unreadable.push(name);
      return [];
    }
  });
  return { files, unreadable };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Next puts the values of other variables in the place of $NAME. */
function expanded(set: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const valueOf = (text: string) =>
    text.replaceAll(/(?<!\\)\$\{?(\w+)\}?/g, (_, name: string) => set[name] ?? "");
  return Object.fromEntries(Object.entries(set).map(([name, text]) => [name, valueOf(text)]));
}

function variableIn(
  name: string,
  sources: readonly Source[],
  env: Variables,
): SetVariable | undefined {
  const from = sources.filter(({ set }) => set[name] !== undefined);
  if (from.length === 0) return undefined;
  const value = env[name] ?? "";
  const isShown = !VARIABLES[name]?.isSecret && ONE_WORD.test(value);
  return {
    name,
    value: isShown ? value : null,
    from: from.map((source) => source.name),
    isRead: from.some(({ isRead }) => isRead),
  };
}

/** Names of what is most likely a secret, however it looks. */
const SECRET_NAME = /SECRET|TOKEN|PASS|KEY|AUTH|CREDENTIAL|DSN|_UR[IL]$/i;

/** Words, numbers, versions and paths, which a report may hold for other reasons. */
const ORDINARY = /^(?:[a-z][a-z -]*|[\d.]+|\/[\w./-]*)$/;

const SHORTEST = 6;

function secretsIn(set: Variables): readonly string[] {
  return Object.entries(set).flatMap(([name, value = ""]) => {
    if (value.length < SHORTEST) return [];
    return SECRET_NAME.test(name) || !ORDINARY.test(value) ? [value] : [];
  });
}
