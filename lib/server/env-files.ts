import { createRequire } from "node:module";
import { requireNext } from "./require-next.ts";

/** The part of `@next/env` that this file needs. */
interface NextEnv {
  loadEnvConfig(root: string, dev: boolean, log: Pick<Console, "info" | "error">): unknown;
  updateInitialEnv(variables: Readonly<Record<string, string>>): void;
}

/** Returns Next's own copy of `@next/env`, which remembers the files that were read. */
function nextEnv(root: string): NextEnv {
  const next = requireNext(root).resolve("next/package.json");
  return createRequire(next)("@next/env") as NextEnv;
}

/**
 * Reads a project's `.env` files into this process, as Next reads them for a mode. That happens before Next
 * starts, since their variables decide which store is used. A variable that is already set stays.
 *
 * @example
 * loadEnvFiles(process.cwd(), "development");
 */
export function loadEnvFiles(root: string, mode: "development" | "production"): void {
  const { NODE_ENV } = process.env;
  // Next reads other files when NODE_ENV is "test".
  Object.assign(process.env, { NODE_ENV: mode });
  try {
    nextEnv(root).loadEnvConfig(root, mode === "development", {
      info: () => {},
      error: console.error,
    });
  } finally {
    if (NODE_ENV === undefined)
      delete (process.env as Record<string, string | undefined>)["NODE_ENV"];
    else Object.assign(process.env, { NODE_ENV });
  }
}

/**
 * Sets variables of this process that stay when Next reads the `.env` files again, which it does in
 * development when one of them changes.
 *
 * @param root the app's folder
 */
export function setForGood(
  root: string,
  variables: Readonly<Record<string, string | undefined>>,
): void {
  const set = Object.entries(variables).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const given = Object.fromEntries(set);
  Object.assign(process.env, given);
  nextEnv(root).updateInitialEnv(given);
}
