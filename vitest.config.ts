import { join } from "node:path";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Tests start the same programs over and over: Node keeps what V8 compiled of them, for the workers too.
process.env["NODE_COMPILE_CACHE"] = join(import.meta.dirname, ".headgate", "compile-cache");

/**
 * The files that take longest in each project. Vitest itself starts the largest first, and some of these have
 * four lines. Those that wait for the same build lie apart.
 */
const LONG = [
  "tests/apps/server-settings.test.ts",
  "tests/apps/cloudflare-own.test.ts",
  "tests/apps/spellings.test.ts",
  "tests/apps/start-pages.test.ts",
  "tests/apps/package.test.ts",
  "tests/apps/init.test.ts",
  "tests/apps/proxy.test.ts",
  "tests/apps/dashboard-page.test.ts",
  "tests/e2e/at-work.test.ts",
  "tests/e2e/page.test.ts",
  "tests/e2e/login.test.ts",
  "tests/apps/packaged.test.ts",
  "tests/e2e/dashboard.test.ts",
  "tests/apps/dev.test.ts",
  "tests/apps/cloudflare.test.ts",
  "tests/apps/behind-nginx.test.ts",
  "tests/apps/handler-guides.test.ts",
  "tests/apps/docs-commands.test.ts",
  "tests/e2e/settings.test.ts",
  "tests/e2e/our-server.test.ts",
  "tests/e2e/analytics.test.ts",
  "tests/e2e/hostile.test.ts",
  "tests/faults/lock-soak.test.ts",
  "tests/faults/dedup-soak.test.ts",
  "tests/faults/soak.test.ts",
  "tests/contract/invented-ids.test.ts",
];

function rank({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((name) => moduleId === join(import.meta.dirname, name));
  return place === -1 ? LONG.length : place;
}

/** Starts long files first, so that no long file runs alone in the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}

/** Files of these projects share processes: a process for each file would double their processor time. */
const SHARED_PROCESS = {
  isolate: false,
  setupFiles: [join(import.meta.dirname, "tests/support/fresh-file.ts")],
};

const project = (
  name: string,
  timeout: number,
  more: TestProjectInlineConfiguration["test"] = {},
) => ({
  extends: true as const,
  test: {
    name,
    ...more,
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
    // Twice the cores of a small machine: many tests wait for a server, a store or a clock.
    maxWorkers: 4,
    sequence: { sequencer: LongFirst },
    // Tests that run at once within a file wait for time to pass: as many as there are wait together.
    maxConcurrency: 60,
    allowOnly: false,
    projects: [
      project("unit", 30_000, SHARED_PROCESS),
      project("contract", 60_000, SHARED_PROCESS),
      project("faults", 120_000),
      project("runtime", 60_000),
      project("e2e", 240_000),
      project("apps", 240_000),
    ],
  },
});
