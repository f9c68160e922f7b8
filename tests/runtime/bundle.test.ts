import { brotliCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bundle, WORKER } from "./bundle.ts";

/** Workers and Vercel allow a megabyte and more, but each byte of it is read at a cold start. */
const MOST_BYTES = 64 * 1024;

describe.each(["workerd", "edge"] as const)("the guard with all it needs, for %s", (platform) => {
  test("is one file that imports nothing, of Node or else", async () => {
    const { code, imports } = await bundle(platform, WORKER);
    expect(imports).toEqual([]);
    expect(code).not.toMatch(/["'`]node:/);
    expect(code).not.toMatch(/\brequire\(/);
  });

  test("is small", async () => {
    const { code } = await bundle(platform, WORKER, true);
    expect(brotliCompressSync(code).length).toBeLessThan(MOST_BYTES);
  });
});
