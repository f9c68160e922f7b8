// vitest.config.ts says where compiled code is kept; outside of Vitest none is.
const { PATH = "", HOME = "", NODE_COMPILE_CACHE = "" } = process.env;

/** What a program of a test has of this machine's environment. */
export const MACHINE = { PATH, HOME, NODE_COMPILE_CACHE } as const;
