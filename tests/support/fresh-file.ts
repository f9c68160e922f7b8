import { afterAll, vi } from "vitest";
import { forgetEnvFiles, replaceVariables } from "./process-env.ts";

/**
 * Lets test files share a process, which is quicker than a process for each: every file gets new modules of
 * this tree, and leaves the environment, the clock and all spied functions as they were.
 */
vi.resetModules();
forgetEnvFiles();

const before = { ...process.env };

afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  replaceVariables(before);
});
