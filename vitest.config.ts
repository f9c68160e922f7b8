import { defineConfig } from "vitest/config";

const project = (name: string, timeout: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`tests/${name}/**/*.test.ts`, `tests/${name}/**/*.test.tsx`],
    testTimeout: timeout,
    hookTimeout: 180_000,
    // It imports "next/server", which Node does not find and a bundler does.
    server: { deps: { inline: ["next-intl"] } },
    // A condition is awaited for as long as a loaded machine may need.
    expect: { poll: { timeout: 20_000 } },
  },
});

export default defineConfig({
  test: {
    environment: "node",
    // Two cores: more workers than that only wait for each other.
    maxWorkers: 2,
    allowOnly: false,
    projects: [
      project("unit", 30_000),
      project("contract", 60_000),
      project("faults", 120_000),
      project("runtime", 60_000),
      project("e2e", 120_000),
    ],
  },
});
