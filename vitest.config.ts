import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Tests start the same programs over and over: Node keeps what V8 compiled of them, for the workers too.
process.env["NODE_COMPILE_CACHE"] = join(import.meta.dirname, ".headgate", "compile-cache");

const project = (name: string, timeout: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`tests/${name}/**/*.test.ts`, `tests/${name}/**/*.test.tsx`],
    testTimeout: timeout,
    hookTimeout: 240_000,
    // It imports "next/server", which Node does not find and a bundler does.
    server: { deps: { inline: ["next-intl"] } },
    // A condition is awaited for as long as a loaded machine may need.
    expect: { poll: { timeout: 20_000 } },
  },
});

export default defineConfig({
  test: {
    environment: "node",
    globalSetup: "tests/support/install.ts",
    // One more than the cores: some of the tests wait for a server, a store or a clock.
    maxWorkers: 3,
    allowOnly: false,
    projects: [
      project("unit", 30_000),
      project("contract", 60_000),
      project("faults", 120_000),
      project("runtime", 60_000),
      project("e2e", 240_000),
    ],
  },
});
