import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "#lib/server/find-program";
import { startRedis, type TestRedis } from "./redis.ts";

/** A real Redis whose clock a test can set. */
export interface SteppedRedis extends TestRedis {
  /** Sets the clock of Redis to a number of whole seconds from this machine's clock. */
  setClock(seconds: number): void;
}

/** Starts a redis-server that reads its wall clock through clock-shim.c. */
export async function startSteppedRedis(): Promise<SteppedRedis> {
  const folder = mkdtempSync(join(tmpdir(), "headgate-clock-"));
  const file = join(folder, "offset");
  const setClock = (seconds: number) => {
    // The file is changed in place, because the server maps it and would crash on a truncated one.
    writeFileSync(file, new BigInt64Array([BigInt(seconds)]), { flag: "r+" });
  };
  writeFileSync(file, new BigInt64Array(1));
  const redis = await startRedis(undefined, {
    LD_PRELOAD: compileShim(folder),
    CLOCK_OFFSET_FILE: file,
  });
  return {
    ...redis,
    setClock,
    async stop() {
      await redis.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function compileShim(folder: string): string {
  const compiler = findProgram("cc", "gcc", "clang");
  if (!compiler)
    throw new Error("This test needs a C compiler: npm test installs it where it may.");
  const shim = join(folder, "clock-shim.so");
  const source = join(import.meta.dirname, "clock-shim.c");
  const done = spawnSync(compiler, ["-shared", "-fPIC", "-O2", "-o", shim, source]);
  if (done.status !== 0) throw new Error(`clock-shim.c does not compile:\n${String(done.stderr)}`);
  return shim;
}
