import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { importPolicy } from "#lib/cli/check";
import { translateUpstash } from "#lib/init/from-upstash/translate";
import type { AnyPolicy } from "#lib/policy/define";
import { ROOT } from "./app.ts";

export const GATE_FILES = { policy: "config/rate-limits.ts", gate: "gate.ts" };

/** The policy that `headgate init` writes for an unknown app. */
export const EMPTY_POLICY = `import { definePolicy } from "headgate";

export default definePolicy({
  mode: process.env.NODE_ENV === "production" ? "shadow" : "enforce",
  rules: {
    // search: { match: "/api/search", limits: { ip: "30 per minute" } },
  },
});
`;

/** Translates an app with an empty policy. */
export function translated(files: Readonly<Record<string, string>>) {
  const sources = new Map([[GATE_FILES.policy, EMPTY_POLICY], ...Object.entries(files)]);
  const { changed, ...told } = translateUpstash(sources, GATE_FILES);
  const after = new Map([...sources, ...changed]);
  return { ...told, changed, after, policy: after.get(GATE_FILES.policy) ?? "" };
}

/** Loads the source of policies as the commands do, for the tests of a file. */
export function policyLoader() {
  const parent = join(ROOT, ".headgate");
  mkdirSync(parent, { recursive: true });
  // Node keeps a module by its path, so each app has a folder that no other had.
  const folder = mkdtempSync(join(parent, "from-upstash-"));
  let count = 0;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return async (text: string): Promise<AnyPolicy> => {
    count += 1;
    const file = join(folder, `policy-${count}.ts`);
    writeFileSync(file, text);
    return importPolicy(file);
  };
}
