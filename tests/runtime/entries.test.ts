import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";
import { ROOT } from "../support/app.ts";
import { NODE_ALONE } from "../support/node-alone.ts";

const MANIFEST = JSON.parse(readFileSync(join(ROOT, "lib", "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, string>>;
};
const ENTRIES = Object.keys(MANIFEST.exports).map((subpath) => `headgate${subpath.slice(1)}`);

test("each public entry can be imported by its name, and no name is exported by two entries", async () => {
  const names = await Promise.all(
    ENTRIES.map(async (entry) => Object.keys((await import(entry)) as object)),
  );
  expect(ENTRIES).toContain("headgate");
  for (const exported of names) expect(exported.length).toBeGreaterThan(0);
  expect(names.flat().toSorted()).toEqual([...new Set(names.flat())].toSorted());
});

/** The files of lib whose code is in a bundle for the edge. */
async function filesFor(source: string): Promise<string[]> {
  const modules = await modulesFor(source);
  return modules.filter((id) => id.includes("/lib/")).map((id) => id.split("/lib/")[1] ?? "");
}

/** The packages of Upstash whose code is in a bundle. */
async function upstashFor(source: string): Promise<string[]> {
  const modules = await modulesFor(source);
  return [...new Set(modules.flatMap((id) => /@upstash\/[\w-]+/.exec(id) ?? []))].toSorted();
}

/** The paths of all files whose code is in a bundle for the edge. */
async function modulesFor(source: string): Promise<string[]> {
  const build = await rolldown({
    input: "entry",
    platform: "neutral",
    resolve: { mainFields: ["module", "main"] },
    external: [/^next\//],
    onLog: () => {},
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? join(ROOT, "entry.ts") : undefined),
        load: (id) => (id === join(ROOT, "entry.ts") ? source : undefined),
      },
    ],
  });
  const { output } = await build.generate();
  await build.close();
  return output.flatMap((chunk) =>
    chunk.type === "chunk"
      ? Object.entries(chunk.modules)
          .filter(([, { renderedLength }]) => renderedLength > 0)
          .map(([id]) => id)
      : [],
  );
}

test.each(ENTRIES.filter((entry) => !NODE_ALONE.has(entry)))(
  "%s can be bundled for the edge",
  async (entry) => {
    const files = await filesFor(`export * from ${JSON.stringify(entry)};`);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => /^(?:gateway|embedded|server|audit|cli)\//.test(file))).toEqual(
      [],
    );
  },
);

test("the imports of middleware from headgate bundle no tools of handlers", async () => {
  const files = await filesFor(
    'export { createHeadgate, headgate, definePolicy, fromEnv, logEvents } from "headgate";',
  );
  expect(files).toContain("gate.ts");
  const tools = /^(?:dedup|lock|idempotency)\/|^(?:health|metrics|otel|memory)\.ts$/;
  expect(files.filter((file) => tools.test(file))).toEqual([]);
});

test("the factory bundles no Upstash package, and headgate/upstash bundles both", async () => {
  const factory = 'export { createHeadgate, definePolicy } from "headgate";';
  expect(await upstashFor(factory)).toEqual([]);
  const through = `${factory} export { upstashLimits } from "headgate/upstash";`;
  expect(await upstashFor(through)).toEqual([
    "@upstash/core-analytics",
    "@upstash/ratelimit",
    "@upstash/redis",
  ]);
});
