import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT } from "../app.ts";

/** What runs a command of a page. */
export type Way =
  | { readonly by: "docs-commands" }
  | { readonly by: "server" }
  | { readonly by: "another test"; readonly test: string }
  | { readonly by: "no test"; readonly reason: string };

/** Commands that no test can run, and why. */
const NOT_RUN: readonly (readonly [RegExp, string])[] = [
  [/\bsudo\b|\bsystemctl\b|pgrep -f 'nginx:/, "it changes the machine: it needs root and systemd"],
  [/^(?:docker|podman) /, "it needs a container engine"],
  [
    /^npx (?:vercel|wrangler (?:login|deploy|secret))\b|^curl .*\bshop\.example\b/,
    "it needs an account of a host, or an app that is deployed there",
  ],
  [/^npm install\b(?! headgate)/, "it needs npm's registry; foreignPackages reads its packages"],
  [/^npm run bench\b/, "it measures for an hour, on a machine that does nothing else"],
  [
    /^(?:\w+=\w+ )?npx vitest run\b|^npm run check$/,
    "it runs the tests or the checks, of which this test is one",
  ],
];

/**
 * Tests that run commands of pages. Such a test has the command in its text, or the name of the page, or
 * the given words.
 */
const TESTS: readonly (readonly [test: string, commands: RegExp, words?: string])[] = [
  ["tests/apps/package.test.ts", /^npx headgate (?:build|start)$|\bcurl\b/],
  ["tests/apps/handler-guides.test.ts", /\bcurl\b|^npx headgate reset\b|^npx next \w+$/],
  ["tests/apps/init.test.ts", /^npx headgate (?:init|audit)\b|^npm run (?:dev|build)$|^curl /],
  ["tests/apps/start-pages.test.ts", /^npx headgate init\b|^npx next dev$|^curl /],
  ["tests/apps/development.test.ts", /^(?:\w+=\S+ )?npx headgate dev$|\bcurl\b/],
  ["tests/package/first-case.ts", /^npx create-next-app\b|^cd my-app$|^npm install headgate\b/],
  [
    "tests/apps/package.test.ts",
    /^PORT=\d+ node node_modules\/headgate\/bin\.mjs start &$/,
    "headgate start serves a copied standalone build",
  ],
  ["tests/e2e/embedded.test.ts", /^npm start$/],
  ["tests/apps/packaged.test.ts", /^npm run pack$/, "await pack(ROOT"],
  ["tests/e2e/analytics.test.ts", /^npm run analytics$/],
  ["tests/apps/cloudflare-own.test.ts", /^npm run preview:cloudflare$/],
  ["tests/package/worker-case.ts", /^npx (?:opennextjs-cloudflare build|wrangler dev)$|\bcurl\b/],
  [
    "tests/unit/operate.test.ts",
    /^promtool (?:check|test) rules \S+$/,
    'promtool(["check", "rules"',
  ],
];

/** Commands that tests/apps/docs-commands.test.ts runs. */
const RUN_HERE =
  /^npx headgate (?:check|explain|inspect|reset|block|allow|override|mode|control)\b|\bcurl\b|\bnpm run --silent token\b|^(?:export )?\w+=(?!\S+ npx )|^(?:printf|echo) /;

/** Commands that run until they are stopped, what they print when they serve, and their exit status. */
export const SERVERS: readonly (readonly [command: RegExp, ready: RegExp, status: 0 | null])[] = [
  [/^(?:\w+=\S+ )*npx headgate gateway$/, /^ready +http/m, 0],
  [/^curl -N /, /data: subscribe,/, null],
];

/** Returns what runs a command of a page, and undefined if nothing does. */
export function wayOf(page: string, command: string): Way | undefined {
  const [, reason] = NOT_RUN.find(([commands]) => commands.test(command)) ?? [];
  if (reason !== undefined) return { by: "no test", reason };
  const [test] =
    TESTS.find(
      ([file, commands, words]) =>
        commands.test(command) && hasWords(textOf(file), page, command, words),
    ) ?? [];
  if (test !== undefined) return { by: "another test", test };
  if (SERVERS.some(([server]) => server.test(command))) return { by: "server" };
  return RUN_HERE.test(command) ? { by: "docs-commands" } : undefined;
}

function hasWords(text: string, page: string, command: string, words?: string): boolean {
  if (words !== undefined) return text.includes(words);
  const name = basename(page, ".md");
  const quoted = [command.replace(/^npx /, ""), `"${name}"`, `/${name}.md`];
  return quoted.some((each) => text.includes(each));
}

const texts = new Map<string, string>();

/** Returns the text of a test with that of its parts, which are in the folder of its name. */
function textOf(test: string): string {
  const parts = globSync(test.replace(/\.test\.ts$/, "{.test.ts,/*.ts}"), { cwd: ROOT });
  const text =
    texts.get(test) ?? parts.map((part) => readFileSync(join(ROOT, part), "utf8")).join("");
  texts.set(test, text);
  return text;
}

/** Returns the tests of the table that do not exist, or that run no command of a page. */
export function idleTests(used: ReadonlySet<string>): readonly string[] {
  return [...new Set(TESTS.map(([test]) => test))].filter((test) => !used.has(test));
}
