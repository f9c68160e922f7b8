import { say, SENTENCES } from "./sentences.ts";
import { slowParameter } from "./slow.ts";

/**
 * What a developer needs and a deployed gate does not. Bundlers leave it out of a production build; a policy
 * is refused there for the same reasons, but for an expression that only its time shows to be slow.
 */
const DEVELOPMENT = { sentences: SENTENCES, say, slowParameter };

/** The name that bundlers know, and put "production" or another mode in the place of. */
declare const process: { readonly env: { readonly NODE_ENV?: string } };

function ofBuild(): typeof DEVELOPMENT | undefined {
  let all: typeof DEVELOPMENT | undefined;
  try {
    if (process.env.NODE_ENV !== "production") all = DEVELOPMENT;
  } catch {
    // No bundler knew the name, and the runtime has no `process`.
    all = DEVELOPMENT;
  }
  return all;
}

let current = ofBuild();

/** Returns what is left out of production builds; undefined in one. */
export function development(): typeof DEVELOPMENT | undefined {
  return current;
}

/** Makes policies be checked as in development, whatever NODE_ENV says: for the command line. */
export function checkAsInDevelopment(): void {
  current = DEVELOPMENT;
}
