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
   * The value, when it is a number or one word and Headgate's table says that the variable holds no secret;
   * else null.
   */
  readonly value: string | null;
  /** Where it is set: "the environment", or names of files. The first takes precedence. */
  readonly from: readonly string[];
  /** True when this mode reads one of these. */
  readonly isRead: boolean;
}

/** The environment of an app, as Next would read it in a mode. */
export interface Environment {
  readonly mode: NodeMode;
  /** Files of the environment, with those that this mode does not read. */
  readonly files: readonly string[];
  /** Files that exist and cannot be read. */
  readonly unreadable: readonly string[];
  readonly variables: readonly SetVariable[];
}

/** The same with the values that no report may contain. */
export interface ReadEnvironment {
  readonly report: Environment;
  /** The variables of the app, without spaces around the values. */
  readonly env: Readonly<Record<string, string>>;
  /** Every value of the process and of the files that may be a secret. */
  readonly secrets: readonly string[];
}

/** The name of the process's own variables in a report. */
const PROCESS = "the environment";

/** Names of files that contain examples. */
const EXAMPLE = /example|sample|template|dist$/i;

/** A number or a word. A token is neither. */
const ONE_WORD = /^(?:\d{1,9}|[a-z]{1,12})$/;

interface Source {
  readonly name: string;
  readonly isRead: boolean;
  readonly set: Readonly<Record<string, string>>;
}

/**
 * Reads the variables of a process and the `.env` files of a folder, as Next reads them in the mode of
 * NODE_ENV, by default development. A file that cannot be read is reported, not thrown.
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

/** Returns the `.env` files of a folder, in the order of their precedence. */
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

/** Replaces $NAME by the value of that variable, as Next does. */
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

/** Names of variables that most likely hold a secret, whatever the value looks like. */
const SECRET_NAME = /SECRET|TOKEN|PASS|KEY|AUTH|CREDENTIAL|DSN|_UR[IL]$/i;

/** Words, numbers, versions and paths, which a report may contain for other reasons. */
const ORDINARY = /^(?:[a-z][a-z -]*|[\d.]+|\/[\w./-]*)$/;

const SHORTEST = 6;

function secretsIn(set: Variables): readonly string[] {
  return Object.entries(set).flatMap(([name, value = ""]) => {
    if (value.length < SHORTEST) return [];
    return SECRET_NAME.test(name) || !ORDINARY.test(value) ? [value] : [];
  });
}
