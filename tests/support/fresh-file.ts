import { createRequire } from "node:module";
import { afterAll, vi } from "vitest";

const next = createRequire(createRequire(import.meta.url).resolve("next/package.json"));

/**
 * Lets test files share a process, which is quicker than a process for each: every file gets new modules of
 * this tree, and leaves the environment, the clock and all spied functions as they were.
 */
vi.resetModules();
// Next's reader of .env files keeps what it read.
delete next.cache[next.resolve("@next/env")];

const before = { ...process.env };

afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  for (const name of Object.keys(process.env)) {
    if (!Object.hasOwn(before, name)) delete process.env[name];
  }
  Object.assign(process.env, before);
});
