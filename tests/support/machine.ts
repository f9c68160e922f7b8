// vitest.config.ts sets the folder of compiled code. Outside of Vitest there is no such folder.
const { PATH = "", HOME = "", NODE_COMPILE_CACHE = "" } = process.env;

/** The variables of this machine that a test's program gets. */
export const MACHINE = { PATH, HOME, NODE_COMPILE_CACHE } as const;
