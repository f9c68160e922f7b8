import { say, SENTENCES } from "./sentences.ts";
import { slowParameter } from "./slow.ts";

/**
 * The parts that only developers need. Bundlers leave them out of a production build. A policy is rejected
 * there for the same reasons, except for expressions that only a time measurement shows to be slow.
 */
const DEVELOPMENT = { sentences: SENTENCES, say, slowParameter };

/** Bundlers replace `process.env.NODE_ENV` by "production" or another mode. */
declare const process: { readonly env: { readonly NODE_ENV?: string } };

function ofBuild(): typeof DEVELOPMENT | undefined {
  let all: typeof DEVELOPMENT | undefined;
  try {
    if (process.env.NODE_ENV !== "production") all = DEVELOPMENT;
  } catch {
    // No bundler replaced the name, and the runtime has no `process`.
    all = DEVELOPMENT;
  }
  return all;
}

let current = ofBuild();

/** Returns the parts that only developers need; undefined in a production build. */
export function development(): typeof DEVELOPMENT | undefined {
  return current;
}

/** Makes policies be checked as in development for every NODE_ENV: for the command line. */
export function checkAsInDevelopment(): void {
  current = DEVELOPMENT;
}
