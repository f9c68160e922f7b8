import { describe, expect, test } from "vitest";
import { planInit } from "#lib/init/init";
import { lastLines } from "#lib/init/tell";
import { wrapConfig } from "#lib/init/rewrites";
import { madeApp } from "./made-app.ts";

const PAGE = { "app/page.tsx": "", "tsconfig.json": "{}" };
const REWRITES = 'rewrites: async () => [{ source: "/feed.xml", destination: "/api/feed" }]';

describe("next.config with rewrites", () => {
  test.each([
    [
      "next.config.ts",
      'import type { NextConfig } from "next";\n\nconst config: NextConfig = {};\n\nexport default config;\n',
      'import type { NextConfig } from "next";\nimport { withHeadgate } from "headgate/plugin";\n\nconst config: NextConfig = {};\n\nexport default withHeadgate(config);\n',
    ],
    [
      "next.config.mjs",
      "import { withSentryConfig } from '@sentry/nextjs'\nexport default withSentryConfig({}, { org: 'a' })\n",
      "import { withSentryConfig } from '@sentry/nextjs'\nimport { withHeadgate } from 'headgate/plugin'\nexport default withHeadgate(withSentryConfig({}, { org: 'a' }))\n",
    ],
    [
      "next.config.mjs",
      "export default async (phase) => ({ distDir: phase });\n",
      'import { withHeadgate } from "headgate/plugin";\n\nexport default withHeadgate(async (phase) => ({ distDir: phase }));\n',
    ],
    [
      "next.config.js",
      "/** @type {import('next').NextConfig} */\nmodule.exports = {\n  basePath: '/a',\n}\n",
      "const { withHeadgate } = require('headgate/plugin')\n\n/** @type {import('next').NextConfig} */\nmodule.exports = withHeadgate({\n  basePath: '/a',\n})\n",
    ],
  ])("wrapConfig wraps %s %j by insertions", (file, source, expected) => {
    expect(wrapConfig(file, source)).toBe(expected);
  });

  test("init wraps a next.config with rewrites once", async () => {
    const folder = madeApp({ ...PAGE, "next.config.mjs": `export default { ${REWRITES} };\n` });
    const { changes } = await planInit(folder);
    const change = changes.find(({ path }) => path === "next.config.mjs");
    expect(change?.after).toContain("export default withHeadgate({ rewrites:");
    const again = madeApp({ ...PAGE, "next.config.mjs": change?.after ?? "" });
    const later = await planInit(again);
    expect(later.changes.map(({ path }) => path)).not.toContain("next.config.mjs");
    expect(later.rewrites).toBeUndefined();
  });

  test("init does not change a next.config without rewrites", async () => {
    const folder = madeApp({ ...PAGE, "next.config.mjs": "export default {};\n" });
    const { changes } = await planInit(folder);
    expect(changes.map(({ path }) => path)).not.toContain("next.config.mjs");
  });

  test("init reports a next.config that exports a function declaration", async () => {
    const config = `export default function config() { return { ${REWRITES} }; }\n`;
    const init = await planInit(madeApp({ ...PAGE, "next.config.mjs": config }));
    expect(init.changes.map(({ path }) => path)).not.toContain("next.config.mjs");
    expect(lastLines(init, false).join("\n")).toContain("wrap what next.config.mjs exports");
  });
});
